// The variables that tell a container of the Services of its namespace (docker links' form), as kubelet's envvars package
// makes them: only Services with a cluster IP, and always the API server's own.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';

/** The namespace and name of the Service that is told of even where service links are off. */
const MASTER = { namespace: 'default', name: 'kubernetes' };

export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): Record<string, string> {
  const told = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: home } = service.metadata;
    const ip = service.spec.clusterIP ?? '';
    if (ip === '' || ip === 'None') continue;
    const isMaster = home === MASTER.namespace && name === MASTER.name;
    if (isMaster && !told.has(name)) told.set(name, service);
    if (home === namespace && (enableServiceLinks || isMaster)) told.set(name, service);
  }
  return Object.fromEntries([...told.values()].flatMap((service) => Object.entries(variablesOf(service))));
}

function variablesOf(service: Service): Record<string, string> {
  const prefix = variableName(service.metadata.name);
  const ip = service.spec.clusterIP ?? '';
  const ports = service.spec.ports ?? [];
  const first = ports[0];
  if (first === undefined) return {};
  const variables: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: ip,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
  };
  for (const port of ports) {
    if (port.name !== undefined && port.name !== '') {
      variables[`${prefix}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
    }
  }
  const host = ip.includes(':') ? `[${ip}]` : ip;
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    const portPrefix = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
    if (index === 0) variables[`${prefix}_PORT`] = url;
    variables[portPrefix] = url;
    variables[`${portPrefix}_PROTO`] = protocol.toLowerCase();
    variables[`${portPrefix}_PORT`] = String(port.port);
    variables[`${portPrefix}_ADDR`] = ip;
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
