// Runs one of the host's own network tools (nft, ip, conntrack, iptables) and says how it ended. A tool that is missing
// or that refuses is an answer, not an exception. Input and output are bounded, and the child never outlives `signal`.
import { spawn } from 'node:child_process';
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type CommandResult =
  | { readonly outcome: 'done'; readonly output: string }
  /** It ran and refused; `message` is what it wrote to stderr. */
  | { readonly outcome: 'failed'; readonly exitCode: number | undefined; readonly message: string }
  /** There is no such program on this machine. */
  | { readonly outcome: 'missing' };

export type RunHostCommand = (
  command: readonly [string, ...string[]],
  options?: { readonly input?: string },
  signal?: AbortSignal,
) => Promise<CommandResult>;

/** `nft list` of a large cluster's rules is some megabytes; what is beyond this is cut off. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** What a tool says about a fault is quoted in a log line; a whole rejected rule set is not. */
const MESSAGE_LIMIT = 2_000;

/** Characters that a pipe takes at once, whatever they are. */
const PIPE_CHARACTERS = 16 * 1024;

export const runHostCommand: RunHostCommand = async (command, { input = '' } = {}, signal) => {
  if (input.length <= PIPE_CHARACTERS) return await runWith('pipe', command, input, signal);
  // Were this process killed in the middle of writing, the tool would take what it has for all: half of the rules, say.
  let file: FileHandle;
  try {
    file = await openInput(input);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { outcome: 'failed', exitCode: undefined, message: `no file for the input of ${command[0]}: ${why}` };
  }
  await using opened = file;
  return await runWith(opened.fd, command, '', signal);
};

/** A file without a name. */
async function openInput(input: string): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), 'typekube-input-'));
  try {
    const path = join(directory, 'input');
    await writeFile(path, input, { mode: 0o600 });
    return await open(path, 'r');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const runWith = (
  stdin: 'pipe' | number,
  [program, ...args]: readonly [string, ...string[]],
  input: string,
  signal: AbortSignal | undefined,
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: [stdin, 'pipe', 'pipe'], signal });
    const output = collect(OUTPUT_LIMIT);
    const errors = collect(MESSAGE_LIMIT);
    child.stdout?.on('data', (chunk: Buffer) => output.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => errors.add(chunk));
    // A tool that ends before it has read everything closes the pipe; its exit code and stderr say why.
    child.stdin?.on('error', () => undefined);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ outcome: 'missing' });
      else resolve({ outcome: 'failed', exitCode: undefined, message: error.message });
    });
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve({ outcome: 'done', output: output.text() });
      else resolve({ outcome: 'failed', exitCode: exitCode ?? undefined, message: errors.text().trim() });
    });
    child.stdin?.end(input);
  });

function collect(limit: number): { add(chunk: Buffer): void; text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      if (size >= limit) return;
      chunks.push(chunk.subarray(0, limit - size));
      size += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
