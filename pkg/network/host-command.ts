// Runs one of the host's own network tools (nft, ip, conntrack, iptables) and says how it ended. A tool that is missing
// or that refuses is an answer, not an exception. Input and output are bounded, and the child never outlives `signal`.
import { spawn } from 'node:child_process';

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

export const runHostCommand: RunHostCommand = ([program, ...args], options = {}, signal) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], signal });
    const output = collect(OUTPUT_LIMIT);
    const errors = collect(MESSAGE_LIMIT);
    child.stdout.on('data', (chunk: Buffer) => output.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.add(chunk));
    // A tool that ends before it has read everything closes the pipe; its exit code and stderr say why.
    child.stdin.on('error', () => undefined);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ outcome: 'missing' });
      else resolve({ outcome: 'failed', exitCode: undefined, message: error.message });
    });
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve({ outcome: 'done', output: output.text() });
      else resolve({ outcome: 'failed', exitCode: exitCode ?? undefined, message: errors.text().trim() });
    });
    child.stdin.end(options.input ?? '');
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
