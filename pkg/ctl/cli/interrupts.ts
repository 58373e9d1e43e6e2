// What becomes of a command that a signal ends. kubectl catches signals where it waits or has something to put away, and ends
// with a code; everywhere else the signal ends it as it ends any program. Pure.

import { verbIn } from './run.ts';

/** Why a command is to stop; the reason of the world's signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`received ${signal}`);
    this.signal = signal;
  }
}

/** Verbs that end with code 1, kubectl's and our own that have something to put away. */
const CATCHING: ReadonlySet<string> = new Set([
  'attach',
  'cluster',
  'debug',
  'delete',
  'edit',
  'events',
  'get',
  'join',
  'leave',
  'replace',
  'rollout',
  'run',
  'token',
  'wait',
]);

/** The exit code of a command that a signal ended; undefined when it is to die of the signal. `words`: all of its arguments. */
export function codeAfterSignal(words: readonly string[], signal: NodeJS.Signals): number | undefined {
  const verb = verbIn(words) ?? '';
  if (verb === 'port-forward') return signal === 'SIGINT' ? 0 : undefined;
  if (verb === 'get' && words.some((word) => word.startsWith('--raw'))) return undefined;
  return CATCHING.has(verb) ? 1 : undefined;
}
