// How a program gets at the API server: over the network as a kubeconfig says, or by a call where the server is in the same
// process. Programs that can be either take a Connect.
import { homedir } from 'node:os';
import type { Client } from '../pkg/client/client.ts';
import { connectCluster } from '../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../pkg/client/typed-client.ts';
import type { Logger } from '../pkg/logging/logger.ts';
import type { MetricsPages } from '../pkg/metrics/metrics-pages.ts';
import { realClock } from '../pkg/clock/clock.ts';

export interface Connection extends AsyncDisposable {
  readonly client: Client;
}

/** What a component is given that may run beside others in one process. */
export interface ComponentContext {
  readonly connect: Connect;
  readonly log: Logger;
  /** Where its metrics are shown; without it only on its own port. */
  readonly pages?: MetricsPages;
}

/** `kubeconfig`: what the program's flags or its configuration file name, if anything. */
export type Connect = (kubeconfig: string | undefined, userAgent: string) => Promise<Connection>;

export const connectByKubeconfig: Connect = async (kubeconfig, userAgent) => {
  const { transport } = await connectCluster(
    { ...(kubeconfig !== undefined && { path: kubeconfig }), env: process.env, home: homedir() },
    { userAgent, clock: realClock },
  );
  return { client: createClient(transport), [Symbol.asyncDispose]: () => transport.close() };
};
