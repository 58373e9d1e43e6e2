// All the kernel rules of one node, from all Services and EndpointSlices: what a full resync writes. Pure.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { ipv4, type AddressFamily } from './address-family.ts';
import { RuleTable } from './rule-table.ts';
import { SERVICE_NAME_LABEL } from './service-port.ts';
import { serviceRules, type ProxyNode } from './service-rules.ts';

/** The kernel table's name. */
export const PROXY_TABLE = 'typekube-proxy';

/** `namespace/name` of a Service. */
export function serviceKey(object: Service): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

/** `namespace/name` of the Service that a slice belongs to; undefined when it belongs to none. */
export function serviceKeyOfSlice(slice: EndpointSlice): string | undefined {
  const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return service === undefined || service === '' ? undefined : `${slice.metadata.namespace ?? ''}/${service}`;
}

/** The table with every Service in it. When two claim one address and port, the older one gets it. */
export function rulesFor(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  node: ProxyNode,
  { family = ipv4, tableName = PROXY_TABLE }: { family?: AddressFamily; tableName?: string } = {},
): RuleTable {
  const slicesOf = Map.groupBy(slices, (slice) => serviceKeyOfSlice(slice) ?? '');
  const table = new RuleTable(tableName, family);
  const ordered = services.toSorted(olderFirst);
  table.update(
    new Map(
      ordered.map((service) => {
        const key = serviceKey(service);
        return [key, serviceRules(service, slicesOf.get(key) ?? [], node, family)];
      }),
    ),
  );
  return table;
}

function olderFirst(a: Service, b: Service): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return serviceKey(a) < serviceKey(b) ? -1 : 1;
}
