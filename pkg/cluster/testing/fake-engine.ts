// As much of a container engine as making clusters meets when two of them want the same: networks that must not overlap, containers by
// name, and ports of this machine that a container which runs listens on. It speaks HTTP, so that the real client is under test.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createListener, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { cidrsOverlap } from '../../api/meta/ipv4.ts';

interface Network {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string }[] };
}

interface Container {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  startedAt: string;
  readonly listeners: Listener[];
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const NEVER = '0001-01-01T00:00:00Z';

export class FakeEngine implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'typekube-fake-engine-'));
  readonly #server: Server;
  readonly #networks: Network[] = [];
  readonly #containers = new Map<string, Container>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const answered = this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body ?? {}));
      });
      answered.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    engine.#server.listen(join(engine.#directory, 'sock'));
    await once(engine.#server, 'listening');
    return engine;
  }

  client(): Docker {
    return new Docker({ socketPath: join(this.#directory, 'sock') });
  }

  /** Ports of the containers that run, by their names. */
  ports(): Record<string, readonly number[]> {
    const running = [...this.#containers.values()].filter(({ startedAt }) => startedAt !== NEVER);
    return Object.fromEntries(running.map(({ Name, ports }) => [Name, ports]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { listeners } of this.#containers.values()) for (const listener of listeners) listener.close();
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#directory, { recursive: true });
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://engine');
    const [, kind = '', name = '', what = ''] = url.pathname.split('/');
    if (what === 'archive') return bodyOf(request).then(() => ({ status: 200 }));
    const body = await bodyOf(request);
    if (kind === 'info') return { status: 200, body: { CgroupVersion: '1' } };
    if (kind === 'networks') return name === 'create' ? this.#createNetwork(body) : this.#listNetworks(url);
    if (name === 'create') return this.#createContainer(url.searchParams.get('name') ?? '', body);
    const container = this.#containers.get(name);
    if (container === undefined) return { status: 404, body: { message: 'no such container' } };
    if (request.method === 'DELETE') {
      this.#containers.delete(name);
      return { status: 204 };
    }
    if (what === 'start') return startOf(container);
    const State = { Running: container.startedAt !== NEVER, StartedAt: container.startedAt };
    return { status: 200, body: { Config: { Labels: container.Labels }, State } };
  }

  #listNetworks(url: URL): Answer {
    const { label = [] } = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label?: string[] };
    const isMeant = ({ Labels }: Network) =>
      label.every((wanted) => Object.entries(Labels).some(([key, value]) => wanted === `${key}=${value}`));
    return { status: 200, body: this.#networks.filter(isMeant) };
  }

  #createNetwork(body: string): Answer {
    const network = { ...(JSON.parse(body) as Omit<Network, 'Id'>), Id: String(this.#networks.length) };
    const subnet = network.IPAM.Config[0]?.Subnet ?? '';
    if (this.#networks.some(({ IPAM }) => cidrsOverlap(subnet, IPAM.Config[0]?.Subnet ?? ''))) {
      return { status: 403, body: { message: 'Pool overlaps with other one on this address space' } };
    }
    this.#networks.push(network);
    return { status: 201, body: { Id: network.Id } };
  }

  #createContainer(Name: string, body: string): Answer {
    const { Labels, HostConfig } = JSON.parse(body) as Docker.ContainerCreateOptions;
    const bindings = Object.values((HostConfig?.PortBindings ?? {}) as Record<string, { HostPort: string }[]>).flat();
    const ports = bindings.map(({ HostPort }) => Number(HostPort));
    this.#containers.set(Name, { Name, Labels: Labels ?? {}, ports, startedAt: NEVER, listeners: [] });
    return { status: 201, body: { Id: Name } };
  }
}

async function startOf(container: Container): Promise<Answer> {
  for (const port of container.ports) {
    const listener = createListener();
    const outcome = once(listener, 'listening').then(
      () => true,
      () => false,
    );
    listener.listen(port, '127.0.0.1');
    if (!(await outcome)) return { status: 500, body: { message: `Bind for 127.0.0.1:${port} failed` } };
    container.listeners.push(listener);
  }
  container.startedAt = '2026-01-01T00:00:00Z';
  return { status: 204 };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
