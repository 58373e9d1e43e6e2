// Which ports of a node are taken, with Kubernetes' rule of conflict: same protocol and port, and the same address or one
// of the two being the wildcard.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY_ADDRESS = '0.0.0.0';

/** Host ports of the containers that run as long as the pod does: containers and sidecars. */
export function hostPortsOf({ spec }: Pod): HostPort[] {
  const ports: HostPort[] = [];
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...sidecars, ...spec.containers]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort === undefined || port.hostPort <= 0) continue;
      ports.push({ ip: port.hostIP || ANY_ADDRESS, protocol: port.protocol || 'TCP', port: port.hostPort });
    }
  }
  return ports;
}

export class HostPorts {
  /** Protocol and port -> address -> how many pods. */
  readonly #taken = new Map<string, Map<string, number>>();

  add(ports: readonly HostPort[]): void {
    for (const { ip, protocol, port } of ports) {
      const key = `${protocol}/${port}`;
      const addresses = this.#taken.get(key) ?? new Map<string, number>();
      this.#taken.set(key, addresses.set(ip, (addresses.get(ip) ?? 0) + 1));
    }
  }

  remove(ports: readonly HostPort[]): void {
    for (const { ip, protocol, port } of ports) {
      const key = `${protocol}/${port}`;
      const addresses = this.#taken.get(key);
      const count = addresses?.get(ip);
      if (addresses === undefined || count === undefined) continue;
      if (count > 1) addresses.set(ip, count - 1);
      else addresses.delete(ip);
      if (addresses.size === 0) this.#taken.delete(key);
    }
  }

  conflictsWith({ ip, protocol, port }: HostPort): boolean {
    const addresses = this.#taken.get(`${protocol}/${port}`);
    if (addresses === undefined) return false;
    return ip === ANY_ADDRESS || addresses.has(ANY_ADDRESS) || addresses.has(ip);
  }

  /** Sorted, one line each; for comparing two states. */
  describe(): string[] {
    return [...this.#taken].flatMap(([key, ips]) => [...ips].map(([ip, n]) => `${key} ${ip} ${n}`)).sort();
  }
}
