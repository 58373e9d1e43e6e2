// Ends the components that a supervisor has left which was killed itself: they go on without it, and hold ports and data that the
// next ones need. Known by the pid files of the supervisor and by their command lines, so that nobody else's process is touched.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { processStartedAt } from './cluster-record.ts';

const STOP_WITHIN_MS = 15_000;
const POLL_MS = 50;

/** `pidDirectory`: in the cluster's own, which the command lines of its components name. Answers with the names of those it ended. */
export async function endLeftOvers(pidDirectory: string, clock: Clock): Promise<string[]> {
  const left = pidFilesIn(pidDirectory).flatMap((file) => {
    const pid = Number(readFileSync(join(pidDirectory, file), 'utf8'));
    const isOurs = pid > 0 && argumentsOf(pid).some((argument) => argument.includes(dirname(pidDirectory)));
    return isOurs ? [{ name: file.replace(/\.pid$/, ''), pid, startedAt: processStartedAt(pid) }] : [];
  });
  await Promise.all(left.map((process) => end(process, clock)));
  return left.map(({ name }) => name);
}

function pidFilesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.pid')).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The command line of a process; none when there is no such process. */
export function argumentsOf(pid: number | string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}

async function end({ pid, startedAt }: { pid: number; startedAt: string }, clock: Clock): Promise<void> {
  const runs = () => startedAt !== '' && processStartedAt(pid) === startedAt;
  for (const kind of ['SIGTERM', 'SIGKILL'] as const) {
    if (!runs()) return;
    process.kill(pid, kind);
    const deadline = clock.elapsed() + STOP_WITHIN_MS;
    while (runs() && clock.elapsed() < deadline) await clock.sleep(POLL_MS);
  }
}
