// Whether the machines of other nodes are there: a connection that is accepted or refused says yes, silence says no. Which
// program listens does not matter, since the kernel's rules go on without it. A machine that never answered is not judged:
// something between may drop the question.
import { connect } from 'node:net';
import type { Clock } from '../../clock/clock.ts';
import { NODE_STATUS_PORT } from './api-contact.ts';

export type Probe = (address: string, signal: AbortSignal) => Promise<boolean>;

const PROBE_MS = 1_000;
const ANSWER_MS = 1_000;
/** Silent this often, one after another, it is dead. */
const SILENCES = 3;

interface Watched {
  readonly address: string;
  answered: boolean;
  silences: number;
  dead: boolean;
}

export interface NodeProbesOptions {
  readonly clock: Clock;
  readonly probe?: Probe;
  /** After a node was found dead, or answered again. */
  readonly changed: () => void;
}

export class NodeProbes {
  readonly #options: NodeProbesOptions;
  readonly #watched = new Map<string, Watched>();
  #wake = Promise.withResolvers<void>();

  constructor(options: NodeProbesOptions) {
    this.#options = options;
  }

  get dead(): ReadonlySet<string> {
    return new Set([...this.#watched].filter(([, { dead }]) => dead).map(([name]) => name));
  }

  /** Addresses by the name of the node. What is known of those that stay is kept. */
  watch(nodes: ReadonlyMap<string, string>): void {
    for (const [name, { address }] of this.#watched) if (nodes.get(name) !== address) this.#watched.delete(name);
    for (const [name, address] of nodes)
      if (!this.#watched.has(name)) this.#watched.set(name, { address, answered: false, silences: 0, dead: false });
    if (this.#watched.size > 0) this.#wake.resolve();
  }

  /** Asks every second while there is somebody to ask, until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, probe = probeByTcp, changed } = this.#options;
    const stop = () => this.#wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      if (this.#watched.size === 0) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
        continue;
      }
      const asked = [...this.#watched.values()];
      const answers = await Promise.all(asked.map(({ address }) => probe(address, signal)));
      if (signal.aborted) break;
      let news = false;
      for (const [index, node] of asked.entries()) news = hear(node, answers[index] === true) || news;
      if (news) changed();
      await clock.sleep(PROBE_MS, signal).catch(() => undefined);
    }
    signal.removeEventListener('abort', stop);
  }
}

/** Answers with whether the verdict changed. */
function hear(node: Watched, answered: boolean): boolean {
  node.silences = answered ? 0 : node.silences + 1;
  node.answered ||= answered;
  const dead = node.answered && node.silences >= SILENCES;
  const changed = dead !== node.dead;
  node.dead = dead;
  return changed;
}

const probeByTcp: Probe = (address, signal) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port: NODE_STATUS_PORT, timeout: ANSWER_MS });
    const end = (answer: boolean) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(answer);
    };
    const abort = () => end(false);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
  });
