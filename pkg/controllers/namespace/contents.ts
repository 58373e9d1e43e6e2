// Deletes what is in a namespace: pods first, everything else when they are gone, whatever kinds the API server serves.
// Safe to repeat; answers with what is left.
import { isApiError } from '../../api/meta/status.ts';
import { instantOf } from '../../api/meta/time.ts';
import { pods } from '../../api/resources.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Client } from '../../client/client.ts';
import { discoverResources, type DiscoveredResource } from '../../client/discovery.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContentReport, RemainingContent } from './reconcile.ts';

/** How many kinds are dealt with at once. */
const PARALLEL_KINDS = 8;

export async function deleteContents(
  client: Client,
  namespace: { readonly name: string; readonly deletedAt: Instant },
  signal: AbortSignal,
): Promise<ContentReport> {
  const discovery = await discoverResources(client.transport, signal);
  const deletable = discovery.resources.filter(({ type, verbs }) => type.namespaced && verbs.has('delete'));
  const isPods = ({ type }: DiscoveredResource) => type.group === '' && type.resource === 'pods';
  const report = {
    discoveryFailures: discovery.failures,
    deletionFailures: [] as string[],
    remaining: [] as RemainingContent[],
  };
  const work = async (resources: readonly DiscoveredResource[]) => {
    const queue = [...resources];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          const left = await deleteKind(client, next, namespace, signal);
          if (left !== undefined) report.remaining.push(left);
        } catch (error) {
          signal.throwIfAborted();
          report.deletionFailures.push(error instanceof Error ? error.message : String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_KINDS }, worker));
  };
  await work(deletable.filter(isPods));
  // What pods use (secrets, volumes, network policies) outlives the last of them.
  if (report.remaining.length > 0 || report.deletionFailures.length > 0) return report;
  await work(deletable.filter((resource) => !isPods(resource)));
  return report;
}

async function deleteKind(
  client: Client,
  { type, verbs }: DiscoveredResource,
  namespace: { readonly name: string; readonly deletedAt: Instant },
  signal: AbortSignal,
): Promise<RemainingContent | undefined> {
  const resource = client.resource(type);
  const within = { namespace: namespace.name };
  const before = verbs.has('list') ? await existing(() => resource.list(within, signal)) : undefined;
  if (before?.items.length === 0) return undefined;
  const background = { propagationPolicy: 'Background' } as const;
  if (verbs.has('deletecollection')) await existing(() => resource.deleteCollection(within, background, signal));
  else {
    for (const item of before?.items ?? []) {
      await existing(() => resource.delete({ ...within, name: item.metadata.name }, background, signal));
    }
  }
  if (!verbs.has('list')) return undefined;
  const items = (await existing(() => resource.list(within, signal)))?.items ?? [];
  if (items.length === 0) return undefined;
  const finalizers = new Map<string, number>();
  for (const name of items.flatMap((item) => item.metadata.finalizers ?? [])) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const isPods = type.group === pods.group && type.resource === pods.resource;
  const graceSeconds = isPods ? graceOf(items, namespace.deletedAt) : 0;
  if (graceSeconds === 0 && finalizers.size === 0) {
    throw new Error(
      `unexpected items still remain in namespace: ${namespace.name} for gvr: ${type.group}/${type.version}, Resource=${type.resource}`,
    );
  }
  return { resource: type, count: items.length, finalizers, graceSeconds };
}

/** Undefined: the kind or the object is gone by now, which is as good as deleted. */
async function existing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isApiError(error, 'NotFound') || isApiError(error, 'MethodNotAllowed')) return undefined;
    throw error;
  }
}

/** The longest grace period of pods that run, counted from the namespace's deletion; never less than a second. */
function graceOf(items: readonly KubeObject[], deletedAt: Instant): number {
  let longest = 0;
  for (const item of items as readonly Pod[]) {
    const phase = item.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') continue;
    longest = Math.max(longest, item.spec.terminationGracePeriodSeconds ?? 0);
    const doomedAt = instantOf(item.metadata.deletionTimestamp);
    if (doomedAt !== undefined) longest = Math.max(longest, Math.ceil((doomedAt - deletedAt) / 1000));
  }
  return Math.max(1, longest);
}
