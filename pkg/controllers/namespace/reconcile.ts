// What a namespace that is being deleted says about itself, and when to look at it again. Pure; conditions, reasons and
// messages are Kubernetes'.
import { formatTime } from '../../api/meta/time.ts';
import type { Namespace, NamespaceCondition } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

/** What one pass over the contents found. */
export interface ContentReport {
  /** Sentences about API groups that could not be discovered. */
  readonly discoveryFailures: readonly string[];
  /** Sentences about contents that could not be deleted or listed. */
  readonly deletionFailures: readonly string[];
  /** Only resources of which something is left. */
  readonly remaining: readonly RemainingContent[];
}

export interface RemainingContent {
  readonly resource: { readonly group: string; readonly resource: string };
  readonly count: number;
  /** How many objects carry each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** How long the objects may take to go, in seconds; 0: unknown. */
  readonly graceSeconds: number;
}

/** Objects whose finalizers somebody must remove are looked at again after this long, in seconds. */
const FINALIZER_ESTIMATE_SECONDS = 15;

export function isEmptied(report: ContentReport): boolean {
  return report.remaining.length === 0 && report.deletionFailures.length === 0 && report.discoveryFailures.length === 0;
}

/** Milliseconds after which waiting alone may have helped; undefined: an error must be tried again. */
export function recheckAfterMs(report: ContentReport): number | undefined {
  if (report.deletionFailures.length > 0 || report.discoveryFailures.length > 0) return undefined;
  const estimates = report.remaining.map(({ graceSeconds, finalizers }) =>
    graceSeconds > 0 ? graceSeconds : finalizers.size > 0 ? FINALIZER_ESTIMATE_SECONDS : 0,
  );
  if (estimates.includes(0)) return undefined;
  return (Math.trunc(Math.max(...estimates) / 2) + 1) * 1000;
}

type Verdict = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>;

function verdicts(report: ContentReport): Verdict[] {
  const { discoveryFailures, deletionFailures, remaining } = report;
  const contents = remaining
    .filter(({ count }) => count > 0)
    .map(({ resource, count }) => `${resource.resource}.${resource.group} has ${count} resource instances`);
  const finalizers = new Map<string, number>();
  for (const [name, count] of remaining.flatMap((content) => [...content.finalizers])) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  const holding = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    verdict(
      'NamespaceDeletionDiscoveryFailure',
      ['ResourcesDiscovered', 'All resources successfully discovered'],
      discoveryFailures.length > 0 && [
        'DiscoveryFailed',
        `Discovery failed for some groups, ${discoveryFailures.length} failing: unable to retrieve the complete list of server APIs: ${discoveryFailures.join(', ')}`,
      ],
    ),
    verdict(
      'NamespaceDeletionGroupVersionParsingFailure',
      ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      false,
    ),
    verdict(
      'NamespaceDeletionContentFailure',
      ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      deletionFailures.length > 0 && [
        'ContentDeletionFailed',
        `Failed to delete all resource types, ${deletionFailures.length} remaining: ${deletionFailures.toSorted().join(', ')}`,
      ],
    ),
    verdict(
      'NamespaceContentRemaining',
      ['ContentRemoved', 'All content successfully removed'],
      contents.length > 0 && ['SomeResourcesRemain', `Some resources are remaining: ${contents.toSorted().join(', ')}`],
    ),
    verdict(
      'NamespaceFinalizersRemaining',
      ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
      holding.length > 0 && [
        'SomeFinalizersRemain',
        `Some content in the namespace has finalizers remaining: ${holding.toSorted().join(', ')}`,
      ],
    ),
  ];
}

function verdict(type: string, good: [string, string], bad: [string, string] | false): Verdict {
  const [reason, message] = bad === false ? good : bad;
  return { type, status: bad === false ? 'False' : 'True', reason, message };
}

/** Undefined: the conditions say it already. */
export function nextConditions(
  namespace: Namespace,
  report: ContentReport,
  now: Instant,
): NamespaceCondition[] | undefined {
  const known = namespace.status?.conditions ?? [];
  let changed = false;
  const next = [...known];
  for (const verdict of verdicts(report)) {
    const position = next.findIndex((condition) => condition.type === verdict.type);
    const before = next[position];
    if (before === undefined) {
      next.push({ ...verdict, lastTransitionTime: formatTime(now) });
      changed = true;
    } else if (
      before.status !== verdict.status ||
      before.reason !== verdict.reason ||
      before.message !== verdict.message
    ) {
      const lastTransitionTime = before.status === verdict.status ? before.lastTransitionTime : formatTime(now);
      next[position] = { ...verdict, lastTransitionTime };
      changed = true;
    }
  }
  return changed ? next : undefined;
}
