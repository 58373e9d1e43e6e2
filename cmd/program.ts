// The frame of every long-running program here: flags in, a signal that says stop, one plain sentence and a non-zero exit
// when something is wrong. Knows nothing of what the program does.
import { Command, CommanderError, type Option } from 'commander';
import { createLogger, messageWithCauses, type Logger } from '../pkg/logging/logger.ts';

export interface Program {
  /** As users type it: `kube-apiserver`, `tkctl`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Option[];
  /** Resolves when the program has stopped by itself or because of `signal`. */
  run(flags: Readonly<Record<string, unknown>>, context: { log: Logger; signal: AbortSignal }): Promise<void>;
}

/** A mistake of the caller's: printed as one sentence, exit code 1, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How long a program may take to stop after SIGTERM before it is ended. */
const STOP_GRACE_MS = 30_000;

export async function runProgram(program: Program): Promise<never> {
  const command = commandOf(program);
  try {
    command.parse();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) process.exit(0);
    fail(program.name, complaint(program.name, error));
  }
  const flags = command.opts();
  const log = createLogger(program.name, { verbosity: Number(flags['v']), terminal: process.stderr.isTTY });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info('stopping', { signal: name });
      stop.abort(new Error(`received ${name}`));
      setTimeout(() => fail(program.name, 'did not stop in time'), STOP_GRACE_MS).unref();
    });
  }
  try {
    await program.run(flags, { log, signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) {
      if (!(error instanceof UsageError))
        log.debug('failed', { stack: error instanceof Error ? error.stack : undefined });
      fail(program.name, messageWithCauses(error));
    }
  }
  process.exit(0);
}

/** What a program would be given if it were started with `args`; throws UsageError for what it would refuse. */
export function flagValues(
  program: Pick<Program, 'name' | 'summary' | 'flags'>,
  args: readonly string[],
): Readonly<Record<string, unknown>> {
  try {
    return commandOf(program).parse(args, { from: 'user' }).opts();
  } catch (error) {
    throw new UsageError(complaint(program.name, error), { cause: error });
  }
}

function commandOf({ name, summary, flags }: Pick<Program, 'name' | 'summary' | 'flags'>): Command {
  const command = new Command(name)
    .description(summary)
    .option('-v, --v <level>', 'number for the log level verbosity', '0')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const flag of flags) command.addOption(flag);
  return command;
}

function complaint(name: string, error: unknown): string {
  return `${messageWithCauses(error).replace(/^error: /, '')}. Run "${name} --help" for its flags.`;
}

function fail(name: string, sentence: string): never {
  process.stderr.write(`${name}: ${sentence}\n`);
  process.exit(1);
}
