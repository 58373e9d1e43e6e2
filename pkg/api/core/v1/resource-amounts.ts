// Resource lists (`{cpu: 500m, memory: 1Gi}`): canonical amounts, sums over containers, and which resources there are.
import {
  addQuantities,
  canonicalResourceAmount,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
} from '../../meta/quantity.ts';
import type { Container } from '../../schema/generated/core.v1.gen.ts';

export type ResourceList = Record<string, string>;

/** Rewrites every amount in its canonical form, nothing finer than a thousandth. Amounts that are none stay for validation. */
export function canonicaliseResourceList(list: ResourceList | undefined): void {
  if (list === undefined) return;
  for (const name in list) {
    const amount = list[name];
    if (amount === undefined) continue;
    const canonical = canonicalResourceAmount(amount);
    if (canonical !== undefined && canonical !== amount) list[name] = canonical;
  }
}

/** The quantity of a text that decoding has let through; zero if it is none. */
export function quantityIn(text: string | undefined): Quantity {
  if (text === undefined) return ZERO;
  const known = parsedAmounts.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  const quantity = parsed.ok ? parsed.quantity : ZERO;
  if (parsedAmounts.size >= AMOUNTS_KEPT) parsedAmounts.clear();
  parsedAmounts.set(text, quantity);
  return quantity;
}

/** A cluster writes the same few amounts again and again. */
const AMOUNTS_KEPT = 4096;
const parsedAmounts = new Map<string, Quantity>();

const ZERO: Quantity = { nanos: 0n, format: 'decimalSI' };

export function sumLists(lists: readonly (ResourceList | undefined)[]): ResourceList {
  return combine(lists, addQuantities);
}

function largestLists(lists: readonly (ResourceList | undefined)[]): ResourceList {
  return combine(lists, (a, b) => (compareQuantities(a, b) >= 0 ? a : b));
}

function combine(
  lists: readonly (ResourceList | undefined)[],
  merge: (a: Quantity, b: Quantity) => Quantity,
): ResourceList {
  const total = new Map<string, Quantity>();
  for (const list of lists) {
    for (const [name, text] of Object.entries(list ?? {})) {
      const before = total.get(name);
      total.set(name, before === undefined ? quantityIn(text) : merge(before, quantityIn(text)));
    }
  }
  return Object.fromEntries([...total].map(([name, quantity]) => [name, formatQuantity(withoutText(quantity))]));
}

/** Sums are written canonically, never as one of the addends was. */
function withoutText({ nanos, format }: Quantity): Quantity {
  return { nanos, format };
}

/** What the containers of a pod need together: init containers run one after another, restartable ones stay. */
export function aggregateContainers(
  containers: readonly Container[],
  initContainers: readonly Container[],
  which: 'requests' | 'limits',
): ResourceList {
  const running = sumLists(containers.map((container) => container.resources?.[which]));
  const sidecars: (ResourceList | undefined)[] = [];
  const initPeaks: ResourceList[] = [];
  for (const container of initContainers) {
    const needs = container.resources?.[which];
    if (container.restartPolicy === 'Always') {
      sidecars.push(needs);
      initPeaks.push(sumLists(sidecars));
    } else initPeaks.push(sumLists([...sidecars, needs]));
  }
  return largestLists([sumLists([running, ...sidecars]), ...initPeaks]);
}

/** Resources of the node that need no domain. */
const STANDARD_CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

export function isStandardContainerResource(name: string): boolean {
  return STANDARD_CONTAINER_RESOURCES.has(name) || isHugePages(name);
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Resources without a domain belong to Kubernetes, as do those of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** What device plugins and the like offer: counted in whole units, never overcommitted. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.');
}

export function mayOvercommit(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}
