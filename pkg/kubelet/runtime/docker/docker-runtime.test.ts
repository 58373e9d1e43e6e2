import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sandbox } from '../../testing/pods.ts';
import type { ContainerConfig } from '../runtime.ts';
import { containerBody } from './container-config.ts';
import { engineNameOf, identityOf, labelsOf } from './labels.ts';
import { pauseProgram } from './pause-program.ts';
import { jsonLines, unframe } from './streams.ts';

async function* pieces(...buffers: Buffer[]): AsyncGenerator<Buffer> {
  yield* buffers;
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

test('framed output is taken apart however it is cut', async () => {
  const whole = Buffer.concat([frame(1, 'hello'), frame(2, 'oops'), frame(1, '')]);
  for (let cut = 1; cut < whole.length; cut++) {
    const chunks = await collect(unframe(pieces(whole.subarray(0, cut), whole.subarray(cut))));
    const text = (stream: string) =>
      chunks
        .filter((chunk) => chunk.stream === stream)
        .map(({ data }) => Buffer.from(data).toString())
        .join('');
    expect([text('stdout'), text('stderr')]).toEqual(['hello', 'oops']);
  }
});

test('lines of JSON are read across cuts, also inside a character', async () => {
  const bytes = Buffer.from('{"a":"ü"}\n{"b":2}\n');
  const cut = bytes.indexOf(0xc3) + 1;
  expect(await collect(jsonLines(pieces(bytes.subarray(0, cut), bytes.subarray(cut))))).toEqual([{ a: 'ü' }, { b: 2 }]);
});

test('labels and names say whose a container is', () => {
  const identity = {
    type: 'container',
    pod: { uid: 'u', name: 'p', namespace: 'ns' },
    container: 'c',
    attempt: 2,
  } as const;
  expect(identityOf(labelsOf(identity, 'n1'))).toEqual(identity);
  expect(identityOf({ other: 'label' })).toBeUndefined();
  expect(engineNameOf(identity)).toBe('k8s_c_p_ns_u_2');
});

test('limits, users and capabilities come to the engine', () => {
  const config: ContainerConfig = {
    pod: { uid: 'u', name: 'p', namespace: 'ns' },
    name: 'c',
    attempt: 0,
    image: 'i',
    command: undefined,
    args: ['x'],
    workingDir: '',
    env: ['A=1'],
    mounts: [],
    tty: false,
    stdin: false,
    stdinOnce: false,
    stopSignal: undefined,
    namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' },
    resources: { cpuShares: 512, cpuQuota: 50_000, memoryLimit: 1 << 26, oomScoreAdj: -997 },
    security: {
      privileged: false,
      user: '1000:2000',
      supplementalGroups: [5],
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      seccomp: undefined,
      unmaskedPaths: false,
    },
    labels: {},
  };
  const body = containerBody(sandbox({ id: 's' }), config, {
    owner: 'n1',
    network: 'net',
    pauseImage: 'p',
    lowestOomScore: 0,
  });
  expect(body).toMatchObject({ Cmd: ['x'], User: '1000:2000', Env: ['A=1'] });
  expect(body).not.toHaveProperty('Entrypoint');
  expect(body.HostConfig).toMatchObject({
    NetworkMode: 'container:s',
    IpcMode: 'container:s',
    PidMode: 'container:s',
    CpuShares: 512,
    CpuQuota: 50_000,
    Memory: 1 << 26,
    MemorySwap: 1 << 26,
    OomScoreAdj: 0,
    ReadonlyRootfs: true,
    CapAdd: ['NET_ADMIN'],
    CapDrop: ['ALL'],
    GroupAdd: ['5'],
    SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'],
  });
});

test.each([
  { architecture: 'x64', machine: 62 },
  { architecture: 'arm64', machine: 183 },
])('the pause program for $architecture is an executable that begins with its code', ({ architecture, machine }) => {
  const program = Buffer.from(pauseProgram(architecture) ?? '');
  expect(program.subarray(0, 4).toString('latin1')).toBe('\u007fELF');
  expect([program.readUInt16LE(16), program.readUInt16LE(18)]).toEqual([2, machine]);
  const [entry, offset, address] = [24, 64 + 8, 64 + 16].map((at) => program.readBigUInt64LE(at));
  // Nothing but the two headers lies before the first instruction, and all of the file is loaded.
  expect((entry ?? 0n) - (address ?? 0n) + (offset ?? 0n)).toBe(120n);
  expect(program.readBigUInt64LE(64 + 32)).toBe(BigInt(program.length));
  if (architecture === 'arm64') expect((program.length - 120) % 4).toBe(0);
});

test('there is no pause program for a processor that nobody wrote one for', () => {
  expect(pauseProgram('riscv64')).toBeUndefined();
});

test.runIf(process.arch === 'x64' && process.platform === 'linux')(
  'the pause program runs, and exits at once on SIGTERM',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'kubelet-pause-'));
    const path = join(directory, 'pause');
    writeFileSync(path, pauseProgram('x64') ?? '');
    chmodSync(path, 0o755);
    const script = `"${path}" & pid=$!; kill -0 $pid; kill -TERM $pid; wait $pid; echo "exit $?"`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8', timeout: 5000 })).toMatch(/exit (0|143)/);
    rmSync(directory, { recursive: true });
  },
);
