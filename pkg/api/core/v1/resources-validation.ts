// Validation of resource names and amounts: of containers, of pods, and as quotas and limits name them.
import { key, NOT_NEGATIVE, type Faults, type Segment } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import { compareQuantities } from '../../meta/quantity.ts';
import type { ResourceRequirements } from '../../schema/generated/core.v1.gen.ts';
import {
  isExtendedResource,
  isHugePages,
  isNativeResource,
  isStandardContainerResource,
  mayOvercommit,
  quantityIn,
} from './resource-amounts.ts';

/** Counted in whole units. */
const COUNTED: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const MEASURED: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'requests.storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);

/** Names without a domain that Kubernetes knows. */
export function isStandardResource(name: string): boolean {
  return COUNTED.has(name) || MEASURED.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
}

/** The current path is the resource's. Whether it may be used there is more than this says. */
export function validateResourceName(faults: Faults, name: string): boolean {
  const bad = qualifiedNameFaults(name);
  faults.invalidAll('', name, bad);
  if (bad.length > 0 || name.includes('/') || isStandardResource(name)) return bad.length === 0;
  faults.invalid('', name, 'must be a standard resource type or fully qualified');
  return false;
}

export function validateContainerResourceName(faults: Faults, name: string): void {
  if (isStandardContainerResource(name)) return;
  validateResourceName(faults, name);
  if (!name.includes('/')) faults.invalid('', name, 'must be a standard resource for containers');
  else if (!isNativeResource(name) && !isExtendedResource(name)) {
    faults.invalid('', name, "doesn't follow extended resource name standard");
  }
}

/** Not negative, and whole where the resource is counted. */
export function validateAmount(faults: Faults, name: string, amount: string): void {
  const { nanos } = quantityIn(amount);
  if (nanos < 0n) faults.invalid('', amount, NOT_NEGATIVE);
  if ((COUNTED.has(name) || isExtendedResource(name)) && nanos % 1_000_000_000n !== 0n) {
    faults.invalid('', amount, 'must be an integer');
  }
}

/** Of a container; the current path is that of its resources. */
export function validateContainerResources(
  faults: Faults,
  resources: ResourceRequirements | undefined,
  podClaims: ReadonlySet<string>,
): void {
  if (resources === undefined) return;
  const { limits = {}, requests = {} } = resources;
  faults.eachEntry('limits', limits, (amount, name) => {
    validateContainerResourceName(faults, name);
    validateAmount(faults, name, amount);
  });
  faults.eachEntry('requests', requests, (amount, name) => {
    validateContainerResourceName(faults, name);
    validateAmount(faults, name, amount);
  });
  validateRequestsAgainstLimits(faults, requests, limits);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    faults.forbidden('', 'HugePages require cpu or memory');
  }
  validateClaims(faults, resources, podClaims);
}

/** At most the limit; where nothing may be overcommitted, exactly the limit. */
export function validateRequestsAgainstLimits(
  faults: Faults,
  requests: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, string>>,
): void {
  for (const name in requests) {
    const [request = '0', limit] = [requests[name], limits[name]];
    if (limit === undefined) {
      if (!mayOvercommit(name)) faults.required('limits', 'Limit must be set for non overcommitable resources');
      continue;
    }
    if (request === limit) continue;
    const order = compareQuantities(quantityIn(request), quantityIn(limit));
    if (order !== 0 && !mayOvercommit(name)) {
      faults.invalid('requests', request, `must be equal to ${name} limit of ${limit}`);
    } else if (order > 0) {
      faults.invalid('requests', request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}

function validateClaims(faults: Faults, { claims }: ResourceRequirements, podClaims: ReadonlySet<string>): void {
  const seen = new Set<string>();
  faults.each('claims', claims, (claim) => {
    if (!claim.name) return faults.required('name');
    const once = claim.request ? `${claim.name}/${claim.request}` : claim.name;
    if (seen.has(once)) faults.duplicate('', claim.request ? { Name: claim.name, Request: claim.request } : claim.name);
    seen.add(once);
    if (!podClaims.has(claim.name)) faults.notFound('name', claim.name);
  });
}

/** A map of amounts at `segment` whose names are any that Kubernetes or a domain knows. */
export function validateResourceList(
  faults: Faults,
  segment: Segment,
  list: Readonly<Record<string, string>> | undefined,
): void {
  for (const [name, amount] of Object.entries(list ?? {})) {
    faults.at(segment, () =>
      faults.at(key(name), () => {
        validateResourceName(faults, name);
        validateAmount(faults, name, amount);
      }),
    );
  }
}
