// Keeps child processes running: ends those that a killed supervisor has left, starts each, restarts it with back-off when it ends, writes its pid to a file, and ends all of
// them, in reverse order, when told to stop.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import { endLeftOvers } from './left-over-processes.ts';

export interface ChildProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A child that ran this long is restarted without the back-off of its earlier failures. */
const STABLE_AFTER_MS = 10_000;
const STOP_WITHIN_MS = 15_000;

export interface SupervisorOptions {
  readonly programs: readonly ChildProgram[];
  /** `<directory>/<name>.pid` holds the pid of each child that runs. */
  readonly pidDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Resolves when `signal` has been aborted and every child has ended. */
export async function supervise(options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  mkdirSync(options.pidDirectory, { recursive: true });
  const left = await endLeftOvers(options.pidDirectory, options.clock);
  if (left.length > 0) options.log.warn('ended components whose supervisor had been killed', { programs: left });
  const stops: AbortController[] = [];
  const ended: Promise<void>[] = [];
  for (const program of options.programs) {
    const stop = new AbortController();
    stops.push(stop);
    ended.push(keepRunning(program, options, stop.signal));
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (let index = stops.length - 1; index >= 0; index--) {
    stops[index]?.abort(signal.reason);
    await ended[index];
  }
}

async function keepRunning(program: ChildProgram, options: SupervisorOptions, stop: AbortSignal): Promise<void> {
  const { clock, log } = options;
  let pause = FIRST_PAUSE_MS;
  while (!stop.aborted) {
    const startedAt = clock.elapsed();
    const env = { ...process.env, ...program.env };
    const child = spawn(program.command, [...program.args], { stdio: ['ignore', 'inherit', 'inherit'], env });
    writePid(program, child.pid ?? 0, options);
    const how = await endOf(child, clock, stop);
    if (stop.aborted) return;
    if (clock.elapsed() - startedAt > STABLE_AFTER_MS) pause = FIRST_PAUSE_MS;
    log.warn('a component ended and is started again', { program: program.name, how, pauseMs: pause });
    await clock.sleep(pause, stop).catch(() => undefined);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** For people and tests: a full disk must not end what runs. */
function writePid({ name }: ChildProgram, pid: number, { pidDirectory, log }: SupervisorOptions): void {
  try {
    writeFileSync(join(pidDirectory, `${name}.pid`), String(pid));
  } catch (error) {
    log.warn('the pid of a component could not be written down', { program: name, error });
  }
}

/** How the child ended; passes the wish to stop on as SIGTERM, and as SIGKILL when that is not heeded. */
function endOf(child: ChildProcess, clock: Clock, stop: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let impatience: Disposable | undefined;
    const onStop = () => {
      child.kill('SIGTERM');
      impatience = clock.schedule(STOP_WITHIN_MS, () => child.kill('SIGKILL'));
    };
    const finish = (how: string) => {
      impatience?.[Symbol.dispose]();
      stop.removeEventListener('abort', onStop);
      resolve(how);
    };
    child.once('error', (error) => finish(error.message));
    child.once('exit', (code, killedBy) => finish(killedBy ?? `exit code ${code ?? 'unknown'}`));
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
  });
}
