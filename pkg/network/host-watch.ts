// Follows what a long-running tool of the host prints, line by line, and starts it again when it ends.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../clock/clock.ts';

/** A tool that ends at once is not started more often than this. */
const RESTART_MS = 5_000;

/** Runs until `signal`; the tool never outlives it. Where the tool is missing, this waits and tells nothing. */
export async function watchHost(
  [program, ...args]: readonly [string, ...string[]],
  { line, clock, signal }: { line: (text: string) => void; clock: Clock; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
      child.on('error', () => resolve());
      child.on('close', () => resolve());
      createInterface({ input: child.stdout }).on('line', line);
    });
    await clock.sleep(RESTART_MS, signal).catch(() => undefined);
  }
}
