// The HTTP answers that load balancers ask for at a Service's healthCheckNodePort: 200 while this node has a ready endpoint
// of it, 503 when not. One listener a port, opened and closed as Services come and go.
// Rule: k8s.io/kubernetes/pkg/proxy/healthcheck/service_health.go.
import { createServer, type Server } from 'node:http';
import type { Logger } from '../../logging/logger.ts';

export interface HealthCheck {
  readonly namespace: string;
  readonly service: string;
  readonly localEndpoints: number;
}

interface Listener {
  readonly server: Server;
  check: HealthCheck;
}

export class HealthCheckPorts implements AsyncDisposable {
  readonly #log: Logger;
  readonly #healthy: () => boolean;
  readonly #listeners = new Map<number, Listener>();

  /** `healthy`: whether the proxy itself writes its rules. */
  constructor(healthy: () => boolean, log: Logger) {
    this.#healthy = healthy;
    this.#log = log;
  }

  /** What is to be answered from now on, by port. */
  set(checks: ReadonlyMap<number, HealthCheck>): void {
    for (const [port, listener] of this.#listeners) {
      if (checks.has(port)) continue;
      this.#listeners.delete(port);
      listener.server.close();
      listener.server.closeAllConnections();
    }
    for (const [port, check] of checks) {
      const listener = this.#listeners.get(port);
      if (listener === undefined) this.#open(port, check);
      else listener.check = check;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [...this.#listeners.values()].map(({ server }) => server);
    this.#listeners.clear();
    await Promise.all(
      servers.map((server) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  #open(port: number, check: HealthCheck): void {
    const server = createServer((_request, response) => {
      const { namespace, service, localEndpoints } = listener.check;
      const serviceProxyHealthy = this.#healthy();
      response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name: service }, localEndpoints, serviceProxyHealthy }));
    });
    const listener: Listener = { server, check };
    server.on('error', (error) => {
      const { namespace, service } = check;
      this.#log.error('cannot answer health checks', { service: `${namespace}/${service}`, port, error });
      // The next set() tries again.
      if (this.#listeners.get(port) === listener) this.#listeners.delete(port);
    });
    server.listen(port);
    this.#listeners.set(port, listener);
  }
}
