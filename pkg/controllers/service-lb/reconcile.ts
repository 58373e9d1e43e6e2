// Which address of the pool a Service of type LoadBalancer has, and what its status says about it. Pure.
// The condition marks addresses out of the pool, so that nodes announce these and never those of somebody else's balancer.
import { findCondition, withCondition } from '../../api/meta/conditions.ts';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import type { AddressPool } from './address-pool.ts';

/** True while the ingress address of a Service comes from the pool. */
export const POOL_ADDRESS_CONDITION = 'typekube.dev/PoolAddress';
/** Services that name this class, or none, get their address here. */
export const POOL_CLASS = 'typekube.dev/pool';

export type LoadBalancerPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'write'; readonly status: Service['status']; readonly address: string | undefined }
  /** It stays without an address; another Service's end may help it. */
  | { readonly do: 'wait'; readonly status: Service['status'] | undefined; readonly message: string };

/** `holders`: who has which address. */
export function planLoadBalancer(
  service: Service,
  holders: ReadonlyMap<string, string>,
  pool: AddressPool,
  now: string,
): LoadBalancerPlan {
  const { spec } = service;
  const current = poolAddress(service);
  if (!isOurs(service)) return current === undefined && !isMarked(service) ? { do: 'nothing' } : clear(service);
  const mine = (address: string) => (holders.get(address) ?? keyOf(service)) === keyOf(service);
  const asked = spec.loadBalancerIP ?? '';
  if (current !== undefined && pool.has(current) && mine(current) && (asked === '' || asked === current))
    return isMarked(service) ? { do: 'nothing' } : give(service, current, now);
  if (asked !== '' && !pool.has(asked)) return wait(service, `the address ${asked} is not in the pool`);
  if (asked !== '' && !mine(asked)) return wait(service, `the address ${asked} is in use by ${holders.get(asked)}`);
  const address = asked !== '' ? asked : pool.free((one) => holders.has(one));
  if (address === undefined) return wait(service, 'no address in the pool is free');
  return give(service, address, now);
}

/** Of two Services with one address the older one has it. */
export function addressHolders(all: readonly Service[]): Map<string, string> {
  const holders = new Map<string, string>();
  const age = ({ metadata }: Service) => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;
  for (const service of all.toSorted((a, b) => (age(a) < age(b) ? -1 : 1))) {
    if (service.spec.type !== 'LoadBalancer') continue;
    for (const { ip } of service.status.loadBalancer?.ingress ?? [])
      if (ip !== undefined && !holders.has(ip)) holders.set(ip, keyOf(service));
  }
  return holders;
}

export function isOurs({ spec, metadata }: Service): boolean {
  const { loadBalancerClass = POOL_CLASS } = spec;
  return spec.type === 'LoadBalancer' && loadBalancerClass === POOL_CLASS && metadata.deletionTimestamp === undefined;
}

function isMarked({ status }: Service): boolean {
  return findCondition(status.conditions, POOL_ADDRESS_CONDITION) !== undefined;
}

/** What a balancer that is not ours gave is none of our business. */
function poolAddress(service: Service): string | undefined {
  if (!isMarked(service) && !isOurs(service)) return undefined;
  return service.status.loadBalancer?.ingress?.[0]?.ip;
}

function give(service: Service, address: string, now: string): LoadBalancerPlan {
  const condition = {
    type: POOL_ADDRESS_CONDITION,
    status: 'True',
    reason: 'Assigned',
    message: '',
    lastTransitionTime: now,
  };
  const status = {
    ...service.status,
    conditions: withCondition(service.status.conditions, condition),
    loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] },
  };
  return { do: 'write', status, address };
}

function clear(service: Service): LoadBalancerPlan & { do: 'write' } {
  const conditions = (service.status.conditions ?? []).filter(({ type }) => type !== POOL_ADDRESS_CONDITION);
  return { do: 'write', status: { ...service.status, conditions, loadBalancer: {} }, address: undefined };
}

function wait(service: Service, message: string): LoadBalancerPlan {
  const had = isMarked(service) || (service.status.loadBalancer?.ingress ?? []).length > 0;
  return { do: 'wait', status: had ? clear(service).status : undefined, message };
}
