// What Kubernetes warns of in the ports of a pod's containers: those that are named twice, or that may mean the same.
import type { Container, ContainerPort } from '../../schema/generated/core.v1.gen.ts';

/** Each container with its place in the object. */
export function portWarnings(containers: readonly (readonly [Container, string])[]): string[] {
  const warnings: string[] = [];
  const known = new Map<string, { at: string; port: ContainerPort }[]>();
  for (const [{ ports = [] }, where] of containers) {
    for (const [i, port] of ports.entries()) {
      const at = `${where}.ports[${i}]`;
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${showPort(port)}`);
      const number = `${port.containerPort}/${port.protocol}`;
      const others = known.get(number) ?? [];
      for (const other of others) {
        const how = likeness(port, other.port);
        if (how !== undefined) warnings.push(`${at}: ${how} port definition with ${other.at}`);
      }
      known.set(number, [...others, { at, port }]);
    }
  }
  return warnings;
}

function likeness(a: ContainerPort, b: ContainerPort): string | undefined {
  const [aIp, bIp, aPort, bPort] = [a.hostIP ?? '', b.hostIP ?? '', a.hostPort ?? 0, b.hostPort ?? 0];
  if (aIp === bIp && aPort === bPort) return 'duplicate';
  if (aPort === 0 || bPort === 0) return 'overlapping';
  return aPort === bPort && (aIp === '') !== (bIp === '') ? 'dangerously ambiguous' : undefined;
}

/** As Go prints it. */
function showPort({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
