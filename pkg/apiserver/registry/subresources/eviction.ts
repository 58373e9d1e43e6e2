// POST /eviction: a deletion that asks the pod's disruption budget first.
// k8s.io/kubernetes pkg/registry/core/pod/storage/eviction.go.
import { ApiError, isApiError } from '../../../api/meta/status.ts';
import { selectorFromObject } from '../../../api/meta/label-selector.ts';
import { formatTime } from '../../../api/meta/time.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { Pod } from '../../../api/schema/generated/core.v1.gen.ts';
import type { Eviction, PodDisruptionBudget } from '../../../api/schema/generated/policy.v1.gen.ts';
import { badRequest, plainServerError } from '../../http-errors.ts';
import type { ApiResponse } from '../../request.ts';
import type { CachedObject } from '../../watchcache/cached-object.ts';
import type { DeleteOptions } from '../deletion-rules.ts';
import { decodeBody, type BodyType } from '../request-body.ts';
import type { ResourceApi } from '../resource-api.ts';
import type { ServedKind } from '../served-kind.ts';
import { announceEviction } from './eviction-notice.ts';
import { createdStatus, type SubresourceCall } from '../subresource-handler.ts';

const MOST_ATTEMPTS = 20;

function bodyType(): BodyType {
  return {
    schema: schemaOf('policy.v1.Eviction'),
    groupVersionKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
    olderVersions: ['policy/v1beta1'],
  };
}

export async function evictPod({ api, served, target, request }: SubresourceCall): Promise<ApiResponse> {
  const { namespace, name } = target;
  const context = api.writeContext(served, target, request, 'CreateOptions');
  // Decoded by Eviction's own schema.
  const eviction = decodeBody(request.body, bodyType(), context.options.fieldValidation).object as Eviction;
  if (eviction.metadata.name !== name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const asked = eviction.deleteOptions;
  const dryRun = context.options.dryRun || (asked?.dryRun ?? []).length > 0;
  const options: DeleteOptions = {
    gracePeriodSeconds: asked?.gracePeriodSeconds,
    propagationPolicy: asked?.propagationPolicy,
    orphanDependents: asked?.orphanDependents,
    preconditions: asked?.preconditions ?? {},
    dryRun: dryRun ? ['All'] : [],
  };
  const deletion = { ...context, subresource: '', options: { ...context.options, dryRun } };
  const evict = async (asked: DeleteOptions) => {
    if (dryRun) return api.deleter.delete(deletion, asked);
    const announced = await announceEviction(api.parts, served, target, asked);
    // The announcement has made a revision of its own.
    const { resourceVersion } = asked.preconditions;
    const preconditions = { ...asked.preconditions, ...(resourceVersion && { resourceVersion: announced }) };
    return api.deleter.delete(deletion, { ...asked, preconditions });
  };
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // The kind's objects are pods.
    const pod = (await api.parts.reader.get(served, namespace, name)).value as Pod;
    const leave = await leaveFor(api, pod, namespace, dryRun);
    // A pod that was let go for not being up yet may not become ready behind our back: it would count then.
    const guarded = leave === 'while-not-ready' && options.preconditions.resourceVersion === undefined;
    const preconditions = guarded
      ? { ...options.preconditions, resourceVersion: pod.metadata.resourceVersion }
      : options.preconditions;
    try {
      await evict({ ...options, preconditions });
      return createdStatus();
    } catch (error) {
      if (!guarded || !isApiError(error, 'Conflict')) throw error;
    }
  }
  throw violates([]);
}

/** `always`: nothing can take it back. Throws 429 when the pod's budget does not let it go. */
async function leaveFor(
  api: ResourceApi,
  pod: Pod,
  namespace: string,
  dryRun: boolean,
): Promise<'always' | 'while-not-ready'> {
  const { phase } = pod.status;
  if (phase === 'Succeeded' || phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined) return 'always';
  return phase === 'Pending' ? 'while-not-ready' : useBudget(api, pod, namespace, dryRun);
}

async function useBudget(
  api: ResourceApi,
  pod: Pod,
  namespace: string,
  dryRun: boolean,
): Promise<'always' | 'while-not-ready'> {
  const served = api.kindOf('policy', 'poddisruptionbudgets');
  if (served === undefined) return 'always';
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const budgets = (await budgetsOf(api, served, namespace)).filter(({ budget }) =>
      selectorFromObject(budget.spec.selector).matches(pod.metadata.labels ?? {}),
    );
    const [only] = budgets;
    if (only === undefined) return 'always';
    if (budgets.length > 1) {
      throw plainServerError(
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    }
    if (!isReady(pod) && mayGoUnready(only.budget)) return 'while-not-ready';
    const used = withDisruption(only.budget, pod.metadata.name, api.parts.clock.now());
    if (dryRun) return 'always';
    // Against the very revision that was read, or two evictions could use one disruption.
    const commit = await api.parts.committer.replace(served, only.live, used);
    if (commit.ok) return 'always';
  }
  throw violates([]);
}

async function budgetsOf(
  api: ResourceApi,
  served: ServedKind,
  namespace: string,
): Promise<{ live: CachedObject; budget: PodDisruptionBudget }[]> {
  const everything = { namespace, everything: true, name: undefined, matches: () => true };
  const options = {
    labelSelector: '',
    fieldSelector: '',
    limit: 0,
    continue: '',
    resourceVersion: '',
    resourceVersionMatch: '',
    timeoutSeconds: undefined,
    allowWatchBookmarks: false,
    sendInitialEvents: undefined,
  } as const;
  const { items } = await api.parts.reader.list(served, everything, options);
  // The kind's objects are budgets.
  return items.map((live) => ({ live, budget: live.value as PodDisruptionBudget }));
}

function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false;
}

/** A pod that is not ready takes nothing from a budget that is met, or whose policy says so. */
function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  return (status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0) && (status?.desiredHealthy ?? 0) > 0;
}

function withDisruption(budget: PodDisruptionBudget, pod: string, now: number): PodDisruptionBudget {
  const { status, metadata } = budget;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw violates(
      [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${metadata.name} is still being processed by the server.`,
        },
      ],
      10,
    );
  }
  const allowed = status?.disruptionsAllowed ?? 0;
  if (allowed <= 0) {
    throw violates([
      {
        reason: 'DisruptionBudget',
        message: `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
      },
    ]);
  }
  return {
    ...budget,
    metadata: { ...metadata },
    status: {
      ...status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: { ...status.disruptedPods, [pod]: formatTime(now) },
    },
  };
}

function violates(causes: { reason: string; message: string }[], retryAfterSeconds?: number): ApiError {
  const details = {
    ...(causes.length > 0 && { causes }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details,
  });
}
