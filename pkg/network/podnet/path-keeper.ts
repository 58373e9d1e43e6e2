// Keeps the ways from this node to the pods of the others as the Node objects say: looks at the machine's links, decides
// (peers.ts), and sets routes and tunnel. Whatever somebody else undid is set again at the next look.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { addressDevice } from '../announce/address-device.ts';
import type { RunHostCommand } from '../host-command.ts';
import { readHostLinks, type HostRoute } from './host-links.ts';
import { addressOf, peersOf, podPaths } from './peers.ts';
import { ensureRoutes, ROUTE_PROTOCOL } from './routes.ts';
import { ensureTunnel, removeTunnel, tunnelDevice, tunnelFor } from './tunnel.ts';

export interface KeptPaths {
  /** Addresses of nodes that reach this node's pods directly. */
  readonly neighbours: readonly string[];
  /** By subject; undefined: in order. */
  readonly problems: Readonly<Record<'nodes' | 'tunnel' | 'routes', string | undefined>>;
}

export interface PathKeeperOptions {
  readonly nodeName: string;
  readonly bridge: string;
  readonly run: RunHostCommand;
}

export class PathKeeper {
  readonly #options: PathKeeperOptions;
  readonly #tunnel: string;
  #neighbours: readonly string[] = [];

  constructor(options: PathKeeperOptions) {
    this.#options = options;
    this.#tunnel = tunnelDevice(options.bridge);
  }

  /** `podCidr`: of this node; undefined: not known yet. */
  async keep(nodes: readonly Node[], podCidr: string | undefined, signal: AbortSignal): Promise<KeptPaths> {
    const { nodeName, bridge, run } = this.#options;
    const links = await readHostLinks(run, signal);
    if (links === undefined) {
      const problems = { nodes: undefined, tunnel: undefined, routes: 'ip(8) cannot list the routes of this machine' };
      return { neighbours: this.#neighbours, problems };
    }
    const { routes, neighbours, distant, problems } = podPaths(peersOf(nodes, nodeName), {
      links,
      ownCidrs: podCidr === undefined ? [] : [podCidr],
      tunnel: this.#tunnel,
      isOfPods: (route: HostRoute) =>
        route.protocol === ROUTE_PROTOCOL || route.device === bridge || route.device === this.#tunnel,
    });
    const own = nodes.find(({ metadata }) => metadata.name === nodeName);
    const address = own === undefined ? undefined : addressOf(own);
    let tunnelProblem: string | undefined;
    let there = false;
    if (distant.length > 0) {
      const tunnel = tunnelFor(this.#tunnel, { address, podCidr }, distant, links);
      if (tunnel === undefined)
        tunnelProblem = 'this node does not have the address and pod CIDR of its Node object yet';
      else {
        tunnelProblem = await ensureTunnel(tunnel, run, signal);
        there = true;
      }
    } else if (links.addresses.some(({ device }) => device === this.#tunnel))
      await removeTunnel(this.#tunnel, run, signal);
    // A tunnel made anew has lost its routes.
    const now = distant.length > 0 ? ((await readHostLinks(run, signal)) ?? links) : links;
    const wanted = there ? routes : routes.filter(({ device }) => device !== this.#tunnel);
    const routeProblem = await ensureRoutes(now.routes, wanted, run, signal);
    this.#neighbours = neighbours.map((peer) => peer.address).toSorted();
    return {
      neighbours: this.#neighbours,
      problems: {
        nodes: problems.length === 0 ? undefined : problems.join('; '),
        tunnel: tunnelProblem,
        routes: routeProblem,
      },
    };
  }
}

/** Whether a line of `ip -o monitor link address route` may mean that a way changed. Pods' own links come and go all the time. */
export function concernsPaths(line: string, bridge: string): boolean {
  const [, link] = /^(?:Deleted )?\d+: ([^\s:@]+)/.exec(line) ?? [];
  if (link !== undefined)
    // Load balancer addresses are held anew every few seconds.
    return !link.startsWith('veth') && link !== addressDevice(bridge) && !line.includes(` master ${bridge} `);
  if (line.includes(' table local ')) return false;
  // What we set ourselves is no news; what somebody took away is.
  return line.startsWith('Deleted ') || !line.includes(` proto ${ROUTE_PROTOCOL} `);
}
