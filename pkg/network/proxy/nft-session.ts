// One nft process that stays and takes a transaction a line: starting nft anew costs 15-20 ms each time, most of what it
// takes to follow a pod's readiness; a line costs 3. Promises: one transaction at a time, an answer within some seconds; when
// the process cannot be used (no interactive mode, killed, stuck), it says so, and the caller writes another way.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Clock } from '../../clock/clock.ts';
import type { Applied } from './nftables.ts';

export interface NftSessionOptions {
  /** Default `nft -i`. */
  readonly command?: readonly [string, ...string[]];
  readonly clock: Clock;
}

/** Undefined: not usable; whether the transaction took effect is not known. */
export type SessionAnswer = Applied | undefined;

const ANSWER_MS = 5_000;
/** Longer texts go another way: their size hides what starting nft costs. */
const TEXT_LIMIT = 64 * 1024;
const ERRORS_LIMIT = 64 * 1024;
/** nft remembers every line that it was given; after this many characters a new process takes over. */
const HISTORY_LIMIT = 4 * 1024 * 1024;
/** Where nft would keep what it remembers, for people's next session. */
const NO_HOME = '/nonexistent';

export class NftSession implements AsyncDisposable {
  readonly #options: NftSessionOptions;
  #child: ChildProcessWithoutNullStreams | undefined;
  #closed: Promise<void> = Promise.resolve();
  #errors = '';
  #given = 0;
  #count = 0;
  #heard: () => void = () => undefined;
  #broken = false;

  constructor(options: NftSessionOptions) {
    this.#options = options;
  }

  get usable(): boolean {
    return !this.#broken;
  }

  takes(text: string): boolean {
    return !this.#broken && text.length <= TEXT_LIMIT;
  }

  /** `text`: commands, a line each, that take effect together or not at all. Not to be called again before it resolves. */
  async apply(text: string): Promise<SessionAnswer> {
    if (this.#broken) return undefined;
    if (this.#given > HISTORY_LIMIT) await this.#end();
    const child = (this.#child ??= this.#start());
    this.#given += text.length;
    const marker = `typekube_${++this.#count}`;
    this.#errors = '';
    const answered = new Promise<SessionAnswer>((resolve) => {
      const timer = this.#options.clock.schedule(ANSWER_MS, () => {
        this.#break();
        resolve(undefined);
      });
      this.#heard = () => {
        const answer = this.#broken ? undefined : answerIn(this.#errors, marker);
        if (answer === 'pending') return;
        timer[Symbol.dispose]();
        resolve(answer);
      };
    });
    // A word that is no command: nft complains about it after it is through with what came before.
    child.stdin.write(`${text.trim().replaceAll('\n', '; ')}\n${marker}\n`);
    return await answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#broken = true;
    this.#heard();
    await this.#end();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#given = 0;
    child?.kill();
    await this.#closed;
  }

  #start(): ChildProcessWithoutNullStreams {
    const [program, ...args] = this.#options.command ?? ['nft', '-i'];
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, HOME: NO_HOME },
    });
    // It greets and prompts there.
    child.stdout.resume();
    child.stderr.on('data', (data: Buffer) => {
      this.#errors = (this.#errors + data.toString()).slice(-ERRORS_LIMIT);
      this.#heard();
    });
    // Ended on purpose, it is no longer ours.
    const lost = () => {
      if (this.#child === child) this.#break();
    };
    child.stdin.on('error', lost);
    child.on('error', lost);
    this.#closed = new Promise((resolve) => {
      child.on('error', () => resolve());
      child.on('close', () => {
        lost();
        resolve();
      });
    });
    return child;
  }

  #break(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#child?.kill();
    this.#heard();
  }
}

/** What nft said before it came to the marker: nothing, or why it refused. */
export function answerIn(errors: string, marker: string): Applied | 'pending' {
  const at = new RegExp(`\\n${marker}\\n[ ^~]*\\n`).exec(errors);
  if (at === null) return 'pending';
  const before = errors.slice(0, Math.max(0, errors.lastIndexOf('Error: ', at.index))).trim();
  return before === '' ? { ok: true } : { ok: false, message: before.slice(0, 2_000) };
}
