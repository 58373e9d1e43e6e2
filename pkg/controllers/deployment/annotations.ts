// The annotations by which a Deployment and its ReplicaSets remember revisions and sizes; kubectl's rollout commands read
// them. Pure: what changes is answered as new annotations.
import type { Deployment, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** Kubernetes' limit for the history, in characters. */
const LONGEST_HISTORY = 2000;

/** Not copied from a Deployment to its sets: they belong to the object that carries them. */
const OWN: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

type Annotations = Readonly<Record<string, string>>;

export function revisionOf(object: Deployment | ReplicaSet): number {
  return numberIn(object.metadata.annotations, REVISION) ?? 0;
}

export function maxReplicasOf(set: ReplicaSet): number | undefined {
  return numberIn(set.metadata.annotations, MAX_REPLICAS);
}

export function desiredReplicasOf(set: ReplicaSet): number | undefined {
  return numberIn(set.metadata.annotations, DESIRED_REPLICAS);
}

function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The sizes that the Deployment had when the set was last scaled, for scaling in proportion. */
export function sizeAnnotations(desired: number, most: number): Annotations {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(most) };
}

/** The Deployment's annotations as its sets carry them, with the set's own kept. */
export function inheritedAnnotations(deployment: Deployment, own: Annotations = {}): Annotations {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN.has(name));
  return { ...own, ...Object.fromEntries(inherited) };
}

/**
 * What the new set is to carry: the Deployment's annotations and a revision that is at least `revision`. A set that comes
 * back (a rollback) remembers the revisions it had before.
 */
export function newSetAnnotations(deployment: Deployment, own: Annotations | undefined, revision: number): Annotations {
  const next: Record<string, string> = { ...inheritedAnnotations(deployment, own) };
  const before = own?.[REVISION];
  if (before !== undefined && !/^-?\d+$/.test(before)) return next;
  if (Number(before ?? 0) >= revision) return next;
  next[REVISION] = String(revision);
  if (before !== undefined) next[REVISION_HISTORY] = historyWith(own?.[REVISION_HISTORY] ?? '', before);
  return next;
}

function historyWith(history: string, revision: string): string {
  const revisions = history === '' ? [] : history.split(',');
  let length = history.length + revision.length + 1;
  while (length > LONGEST_HISTORY && revisions.length > 0) length -= (revisions.shift() ?? '').length + 1;
  return [...revisions, revision].join(',');
}
