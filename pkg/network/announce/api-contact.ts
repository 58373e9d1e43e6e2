// When the API server last spoke to this node, and what other nodes say of themselves about that. A node that it no longer speaks to
// cannot know what others were told; it can ask them.
import { get } from 'node:http';
import type { Clock } from '../../clock/clock.ts';
import type { StatusAnswer } from '../status-server.ts';

/** Where a node's network tells how it is; the health port of Service proxies. */
export const NODE_STATUS_PORT = 10_256;
export const API_CONTACT_PATH = '/api-contact';
const ANSWER_MS = 1_000;
const ANSWER_LIMIT = 1_024;

export class ApiContact {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #heardAt: number | undefined;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  heard(): void {
    this.#heardAt = this.#clock.elapsed();
  }

  /** How long it has been silent; Infinity: it never spoke, or was never asked. */
  get silentMs(): number {
    return this.#heardAt === undefined ? Infinity : this.#clock.elapsed() - this.#heardAt;
  }

  page(): StatusAnswer {
    const silentMs = Number.isFinite(this.silentMs) ? Math.round(this.silentMs) : null;
    return { status: 200, body: JSON.stringify({ silentMs }), contentType: 'application/json' };
  }
}

/** How long the API server has been silent to the node at `address`; undefined: it does not say. */
export type AskNode = (address: string, signal: AbortSignal) => Promise<number | undefined>;

export const askNodeByHttp: AskNode = (address, signal) =>
  new Promise((resolve) => {
    const url = `http://${address}:${NODE_STATUS_PORT}${API_CONTACT_PATH}`;
    const until = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const asking = get(url, { agent: false, signal: until }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (data: string) => (text = (text + data).slice(0, ANSWER_LIMIT)));
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve(silentMsIn(text)));
    });
    asking.on('error', () => resolve(undefined));
  });

function silentMsIn(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const found = typeof value === 'object' && value !== null && 'silentMs' in value ? value.silentMs : undefined;
    return typeof found === 'number' && found >= 0 ? found : undefined;
  } catch {
    return undefined; // another program has that port
  }
}
