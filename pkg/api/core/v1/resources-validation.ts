// Validation of resource names and amounts: of containers, of pods, and as quotas and limits name them.
import { key, NOT_NEGATIVE, type Faults, type Segment } from '../../meta/field-faults.ts';
import { dnsLabelFaults, qualifiedNameFaults } from '../../meta/names.ts';
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
  validateRequirements(faults, resources, validateContainerResourceName);
  validateClaims(faults, resources, podClaims);
}

/** Limits and requests, whose names `checkName` knows. */
export function validateRequirements(
  faults: Faults,
  { limits = {}, requests = {} }: ResourceRequirements,
  checkName: (faults: Faults, name: string) => void,
): void {
  for (const [which, list] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    faults.eachEntry(which, list, (amount, name) => {
      checkName(faults, name);
      validateAmount(faults, name, amount);
      if (isHugePages(name) && !isWholePages(name, amount)) {
        faults.invalid('', amount, `${amount} is not positive integer multiple of ${name}`);
      }
    });
  }
  validateRequestsAgainstLimits(faults, requests, limits);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    faults.forbidden('', 'HugePages require cpu or memory');
  }
}

function isWholePages(name: string, amount: string): boolean {
  const page = quantityIn(name.slice('hugepages-'.length)).nanos;
  const { nanos } = quantityIn(amount);
  return page > 0n && nanos % page === 0n;
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
  faults.each('claims', claims, ({ name, request }) => {
    if (!name) return faults.required('');
    if (request) faults.invalidAll('request', request, dnsLabelFaults(request));
    const once = request ? `${name}/${request}` : name;
    // Who has all of a claim has each of its requests.
    if (seen.has(name)) faults.duplicate('', name);
    else if (seen.has(once)) faults.duplicate('', once);
    else if (!request && [...seen].some((other) => other.startsWith(`${name}/`))) faults.duplicate('', name);
    seen.add(once);
    if (podClaims.has(name)) return;
    const names = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`;
    faults.notFound('', name, `must be one of the names in pod.spec.resourceClaims${names}`);
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
