// What a Service holds of what is given out, and how it is refused what it cannot have.
import { invalid, type ApiError, type FieldError } from '../../api/meta/status.ts';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { portKey } from './node-ports.ts';

/** Cluster IPs, without `None`. */
export function addressesOf({ spec }: Service): string[] {
  const all = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  return all.filter((address) => address !== '' && address !== 'None');
}

/** Node ports as `port/protocol`. */
export function portsOf({ spec }: Service): string[] {
  const ports = (spec.ports ?? [])
    .filter(({ nodePort }) => nodePort)
    .map(({ nodePort, protocol }) => portKey(nodePort ?? 0, protocol ?? 'TCP'));
  return spec.healthCheckNodePort ? [...ports, portKey(spec.healthCheckNodePort, 'TCP')] : ports;
}

/** 422 for one field. */
export function faulty(service: Service, field: string, value: string, why: string): ApiError {
  const error: FieldError = { type: 'Invalid', field, body: `Invalid value: ${value}: ${why}` };
  return invalid({ group: '', kind: 'Service', name: service.metadata.name }, [error]);
}

/** The hook is registered for services only. */
export function serviceOf(object: KubeObject): Service {
  return object as Service;
}
