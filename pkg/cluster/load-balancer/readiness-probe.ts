// Asks an API server whether it is ready: GET /readyz over TLS, trusting the cluster's authority alone.
import { Agent, get } from 'node:https';

const WITHIN_MS = 1000;

export interface ReadinessProbe extends Disposable {
  /** `HOST:PORT`; never rejects. */
  isReady(backend: string, signal: AbortSignal): Promise<boolean>;
}

/** `authority`: PEM. */
export function readinessProbe(authority: string): ReadinessProbe {
  const agent = new Agent({ ca: authority, keepAlive: true, maxSockets: 1 });
  return {
    isReady: (backend, signal) =>
      new Promise((resolve) => {
        const patience = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
        const call = get(`https://${backend}/readyz`, { agent, signal: patience }, (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode === 200));
          response.once('error', () => resolve(false));
        });
        call.once('error', () => resolve(false));
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}
