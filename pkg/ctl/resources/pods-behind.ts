// The pods that `logs`, `exec` and `attach` are about: a pod by name, those of a selector, or one of a workload's.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { flag, has, nameOf, number, objects, text } from '../objects/access.ts';
import { groupKind, groupResource } from '../rest/resources.ts';
import { selectorText } from '../rollout/history.ts';

export interface PodQuery {
  /** `web`, `pod/web`, `deploy/web`; undefined with a selector. */
  readonly argument: string | undefined;
  readonly selector: string;
  /** All pods of a workload and not the best one. */
  readonly all: boolean;
  /** How long to wait for a workload's first pod. */
  readonly timeoutMs: number;
  /** Only the sentences differ. */
  readonly purpose: 'logs' | 'exec';
}

/** How often a workload is asked whether it has a pod by now. */
const POLL_MS = 250;

export async function podsBehind(query: PodQuery, context: Context): Promise<JsonObject[]> {
  const { api, namespace } = await context.session();
  const resources = await api.resources();
  const pods = resources.require('pods');
  const list = async (labelSelector: string) =>
    objects(await api.list({ resource: pods, namespace, name: '' }, { labelSelector }), 'items');
  if (query.argument === undefined) return list(query.selector);
  const [type = '', name = '', more] = query.argument.includes('/')
    ? query.argument.split('/')
    : ['pods', query.argument];
  if (name === '' || more !== undefined)
    throw new Failure('arguments in resource/name form must have a single resource and name');
  const resource = resources.require(type);
  let found: JsonObject;
  try {
    found = await api.get({ resource, namespace: resource.namespaced ? namespace : '', name });
  } catch (error) {
    if (query.purpose !== 'logs' || !isApiError(error)) throw error;
    throw new Failure(
      `error from server (${error.reason}): ${error.message} in namespace ${JSON.stringify(namespace)}`,
      {
        cause: error,
      },
    );
  }
  if (resource.kind === 'Pod') return [found];
  const selector = selectorText(found);
  if (selector === '')
    throw new Failure(`cannot get the logs from ${groupResource(resource)}: selector is empty or not supported`);
  const deadline = context.clock.now() + query.timeoutMs;
  for (;;) {
    const candidates = (await list(selector)).sort(mostActiveFirst);
    if (query.all && candidates.length > 0) return candidates;
    const [best] = candidates;
    if (best !== undefined) {
      if (candidates.length > 1 && query.purpose === 'logs')
        context.err.write(`Found ${candidates.length} pods, using pod/${nameOf(best)}\n`);
      return [best];
    }
    if (context.clock.now() >= deadline)
      throw new Failure(`timed out waiting for the condition`, { cause: new Error(groupKind(resource)) });
    await context.clock.sleep(POLL_MS, context.signal);
  }
}

const PHASES = ['Running', 'Unknown', 'Pending'];

/** Assigned before unassigned, running before pending, ready before not, longer ready before shorter, fewer restarts, older. */
function mostActiveFirst(left: JsonObject, right: JsonObject): number {
  const assigned = (pod: JsonObject) => (text(pod, 'spec', 'nodeName') === '' ? 1 : 0);
  const phase = (pod: JsonObject) => {
    const at = PHASES.indexOf(text(pod, 'status', 'phase'));
    return at < 0 ? PHASES.length : at;
  };
  const restarts = (pod: JsonObject) =>
    Math.max(0, ...objects(pod, 'status', 'containerStatuses').map((status) => number(status, 'restartCount')));
  const created = (pod: JsonObject) => Date.parse(text(pod, 'metadata', 'creationTimestamp')) || 0;
  const deleting = (pod: JsonObject) => (has(pod, 'metadata', 'deletionTimestamp') ? 1 : 0);
  return (
    deleting(left) - deleting(right) ||
    assigned(left) - assigned(right) ||
    phase(left) - phase(right) ||
    notReady(left) - notReady(right) ||
    restarts(left) - restarts(right) ||
    created(left) - created(right)
  );
}

function notReady(pod: JsonObject): number {
  const statuses = objects(pod, 'status', 'containerStatuses');
  return statuses.length > 0 && statuses.every((status) => flag(status, 'ready')) ? 0 : 1;
}
