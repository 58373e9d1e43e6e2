// A steady, small load of HTTP requests on one URL of this machine or of a test's own containers, each on a connection of its own so that every request goes
// through the Service's rules anew. Counts what was answered and keeps what was not.
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface LoadResult {
  readonly answered: number;
  /** Each begins with the time at which it was asked (RFC 3339). */
  readonly failures: readonly string[];
  /** Different bodies and how often each came. */
  readonly bodies: ReadonlyMap<string, number>;
}

const IN_FLIGHT = 4;
const PAUSE_MS = 10;
const TIMEOUT_MS = 5_000;
/** A test that forgets to stop its load does not go on for ever. */
const MOST_REQUESTS = 100_000;

export function startLoad(url: string): { stop(): Promise<LoadResult> } {
  const stop = new AbortController();
  const bodies = new Map<string, number>();
  const failures: string[] = [];
  let answered = 0;
  const worker = async () => {
    while (!stop.signal.aborted && answered + failures.length < MOST_REQUESTS) {
      const began = new Date().toISOString();
      try {
        const body = await get(url);
        bodies.set(body, (bodies.get(body) ?? 0) + 1);
        answered++;
      } catch (error) {
        failures.push(`${began} ${String(error)}`);
      }
      await pause(PAUSE_MS);
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, worker);
  return {
    async stop() {
      stop.abort();
      await Promise.all(workers);
      return { answered, failures, bodies };
    },
  };
}

export function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text.trim()) : reject(new Error(`status ${response.statusCode ?? 0}`)),
      );
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
    call.end();
  });
}
