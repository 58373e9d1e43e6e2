// What a command is: a value that says its flags and arguments as data and runs with everything it needs passed in. It
// never touches the process: it writes to the streams it is given and answers with an exit code.
import type { Clock, Random } from '../../clock/clock.ts';
import type { Session } from '../rest/session.ts';
import type { FlagTable, FlagValues } from './flags.ts';
import type { globalFlags } from './global-flags.ts';

export interface Output {
  write(text: string | Uint8Array): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; undefined when it is none. */
  readonly columns: () => number | undefined;
}

export interface Input {
  readonly isTerminal: boolean;
  /** Everything up to the end. */
  readAll(signal: AbortSignal): Promise<string>;
  /** As it arrives; ends at the end of input or with the signal. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Bytes go through unechoed and unedited while it is on; no effect when it is no terminal. */
  setRaw(on: boolean): void;
}

/** The terminal's size, now and whenever it changes. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface CaptureOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may read what the user types. */
  readonly stdin?: boolean;
  /** What it says on stderr goes to the user as it comes. */
  readonly showStderr?: boolean;
}

export interface ProgramRunner {
  /** Runs a program on the caller's terminal and answers its exit code. */
  run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<number>;
  /** Runs a program and answers with what it printed; rejects when there is no such program. */
  capture(
    command: string,
    args: readonly string[],
    options?: CaptureOptions,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
}

export interface World {
  /** The name the user called us by. */
  readonly program: string;
  readonly out: Output;
  readonly err: Output;
  readonly input: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly programs: ProgramRunner;
  /** Calls back at each change of the terminal's size until disposed; undefined when there is no terminal. */
  readonly terminal: { size(): TerminalSize; onResize(listener: () => void): Disposable } | undefined;
}

export interface Context extends World {
  readonly globals: FlagValues<typeof globalFlags>;
  readonly globalsChanged: ReadonlySet<string>;
  /** The full name of the running command: `tkctl rollout status`. */
  readonly path: string;
  /** The API server that flags and kubeconfig name; connected on first use. */
  session(): Promise<Session>;
}

export interface Call<F extends FlagTable> {
  readonly flags: FlagValues<F>;
  readonly changed: ReadonlySet<string>;
  readonly args: readonly string[];
  /** How many arguments stood before `--`; -1 without one. */
  readonly dash: number;
}

export interface Command<F extends FlagTable = FlagTable> {
  readonly summary: string;
  /** Behind the command's name in the usage line. */
  readonly usage: string;
  /** What it does beyond kubectl, or what one must know to use it. */
  readonly notes?: string;
  readonly examples?: readonly string[];
  readonly flags: F;
  /** Flags that must be given. */
  readonly required?: readonly string[];
  run(call: Call<F>, context: Context): Promise<number>;
}

export interface CommandGroup {
  readonly summary: string;
  readonly notes?: string;
  /** Where the help goes that answers the bare group; stderr unless this says otherwise, as with kubectl. */
  readonly helpOnStdout?: boolean;
  readonly commands: readonly CommandEntry[];
}

/** A command that is loaded when it is called, so that starting one verb does not pay for the others. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly section?: string;
  readonly hidden?: boolean;
  /** `group` first runs its own command when there is one (`create -f`), else shows its help. */
  load(): Promise<Command | CommandGroup | (Command & CommandGroup)>;
}

/** Lets the compiler derive the flags' types from the table. */
export function command<F extends FlagTable>(definition: Command<F>): Command<F> {
  return definition;
}
