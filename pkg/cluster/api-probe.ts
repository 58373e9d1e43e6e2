// Asks a starting API server whether it is ready and whether its node is; nothing more than creating a cluster needs.
import { Agent, request } from 'node:https';
import type { AdminAccess } from './kubeconfig-entry.ts';

export interface ApiProbe extends Disposable {
  /** Status and parsed body; status 0 when nobody answers. */
  get(path: string): Promise<{ status: number; body: unknown }>;
}

const TIMEOUT_MS = 5_000;

export function probeApi(access: AdminAccess): ApiProbe {
  const agent = new Agent({ ca: access.authority, cert: access.certificate, key: access.key, keepAlive: true });
  return {
    get: (path) =>
      new Promise((resolve) => {
        const noAnswer = () => resolve({ status: 0, body: undefined });
        const call = request(new URL(path, access.server), { agent, timeout: TIMEOUT_MS }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', noAnswer);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }),
          );
        });
        call.on('timeout', () => call.destroy());
        call.on('error', noAnswer);
        call.end();
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // /readyz answers in plain text
  }
}

/** Whether a Node object says Ready. */
export function isNodeReady(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || !('status' in node)) return false;
  const { status } = node;
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return false;
  const { conditions } = status;
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (condition: { type?: unknown; status?: unknown }) => condition.type === 'Ready' && condition.status === 'True',
    )
  );
}
