// The program of every sandbox: a static ELF file of under 300 bytes written here byte by byte, because a fresh machine has
// neither a registry to pull a pause image from nor a compiler to make one. It blocks all signals and waits for them: on
// SIGTERM or SIGINT it exits 0 at once, on anything else (SIGCHLD) it reaps every dead child, as process 1 must.

interface Machine {
  /** e_machine of the ELF header. */
  readonly elfMachine: number;
  /** Position independent code; runs from its first byte. */
  readonly code: string;
}

/*
 * Both programs are, in system calls:
 *   rt_sigprocmask(SIG_BLOCK, all); for (;;) { s = rt_sigtimedwait(all, 0, 0, 8);
 *   if (s == SIGTERM || s == SIGINT) exit(0); while (wait4(-1, 0, WNOHANG, 0) > 0); }
 */
const MACHINES: Readonly<Record<string, Machine>> = {
  x64: {
    elfMachine: 62,
    code:
      '4883ec1048c70424ffffffffb80e00000031ff4889e631d241ba080000000f05' + // set on the stack, rt_sigprocmask
      'b8800000004889e731f631d241ba080000000f05' + // rt_sigtimedwait
      '83f80f742383f802741e' + // SIGTERM, SIGINT -> exit
      'b83d00000048c7c7ffffffff31f6ba010000004531d20f0585c07fe4ebc4' + // wait4 until nothing is left, back to waiting
      'b83c00000031ff0f05', // exit(0)
  },
  arm64: {
    elfMachine: 183,
    code:
      'ff4300d100008092e00300f9e81080d2000080d2e1030091020080d2030180d2010000d4' + // set on the stack, rt_sigprocmask
      '281180d2e0030091010080d2020080d2030180d2010000d4' + // rt_sigtimedwait
      '1f3c00f1800100541f0800f140010054' + // SIGTERM, SIGINT -> exit
      '882080d200008092010080d2220080d2030080d2010000d4' + // wait4
      '1f0000f12cffff54eeffff17' + // until nothing is left, back to waiting
      'a80b80d2000080d2010000d4', // exit(0)
  },
};

const LOAD_ADDRESS = 0x400000n;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

/** Node's names of processors: `x64`, ... Undefined for one that this file has no program for. */
export function pauseProgram(architecture: string): Uint8Array | undefined {
  const machine = MACHINES[architecture];
  if (machine === undefined) return undefined;
  const code = Buffer.from(machine.code, 'hex');
  const codeOffset = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const file = Buffer.alloc(codeOffset + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0); // 64-bit, little endian, version 1
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(machine.elfMachine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(LOAD_ADDRESS + BigInt(codeOffset), 24); // entry
  file.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32); // where the program header is
  file.writeUInt16LE(ELF_HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(1, 56);
  const header = file.subarray(ELF_HEADER_BYTES, codeOffset);
  header.writeUInt32LE(1, 0); // load
  header.writeUInt32LE(5, 4); // readable, executable
  header.writeBigUInt64LE(LOAD_ADDRESS, 16);
  header.writeBigUInt64LE(LOAD_ADDRESS, 24);
  header.writeBigUInt64LE(BigInt(file.length), 32);
  header.writeBigUInt64LE(BigInt(file.length), 40);
  header.writeBigUInt64LE(0x1000n, 48);
  file.set(code, codeOffset);
  return file;
}
