// The revisions of a workload: a deployment's replica sets, the controller revisions of the others.
import type { JsonObject } from '../../api/schema/json.ts';
import { applyMergePatch } from '../apply/json-merge.ts';
import { isObject, nameOf, object, objects, text } from '../objects/access.ts';
import type { Info } from '../resources/infos.ts';
import type { Api } from '../rest/api.ts';
import { Failure } from '../cli/failure.ts';

export interface RolloutRevision {
  readonly number: number;
  readonly changeCause: string;
  /** The pod template as it was kept; a replica set's has the label with its hash. */
  readonly template: JsonObject;
  /** Of the object that keeps the revision. */
  readonly annotations: JsonObject;
}

export const REVISION = 'deployment.kubernetes.io/revision';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const HASH_LABEL = 'pod-template-hash';

/** Oldest first. Throws Failure for kinds without history. */
export async function revisionsOf(info: Info, api: Api): Promise<RolloutRevision[]> {
  const found = await (info.resource.kind === 'Deployment'
    ? fromReplicaSets(info, api)
    : fromControllerRevisions(info, api));
  return found.sort((left, right) => left.number - right.number);
}

async function owned(info: Info, api: Api, type: string): Promise<JsonObject[]> {
  const resource = (await api.resources()).require(type);
  const uid = text(info.object, 'metadata', 'uid');
  const answer = await api.list(
    { resource, namespace: info.namespace, name: '' },
    { labelSelector: selectorText(info.object) },
  );
  return objects(answer, 'items').filter((item) =>
    objects(item, 'metadata', 'ownerReferences').some(
      (owner) => owner['controller'] === true && text(owner, 'uid') === uid,
    ),
  );
}

async function fromReplicaSets(info: Info, api: Api): Promise<RolloutRevision[]> {
  return (await owned(info, api, 'replicasets.apps'))
    .map((set): RolloutRevision => {
      return {
        number: Number(text(set, 'metadata', 'annotations', REVISION)),
        changeCause: text(set, 'metadata', 'annotations', CHANGE_CAUSE),
        template: object(set, 'spec', 'template'),
        annotations: object(set, 'metadata', 'annotations'),
      };
    })
    .filter((revision) => revision.number > 0);
}

async function fromControllerRevisions(info: Info, api: Api): Promise<RolloutRevision[]> {
  return (await owned(info, api, 'controllerrevisions.apps')).map((kept) => {
    const restored = applyMergePatch(info.object, kept['data'] ?? {});
    return {
      number: Number(text(kept, 'revision')),
      changeCause: text(kept, 'metadata', 'annotations', CHANGE_CAUSE),
      template: isObject(restored) ? object(restored, 'spec', 'template') : {},
      annotations: object(kept, 'metadata', 'annotations'),
    };
  });
}

/** The template to go back to: as the user wrote it, without the label that the controller adds. */
export function originalTemplate(revision: RolloutRevision): JsonObject {
  const template = structuredClone(revision.template);
  delete object(template, 'metadata', 'labels')[HASH_LABEL];
  return template;
}

/** The selector of a workload as a query. */
export function selectorText(workload: JsonObject): string {
  const selector = object(workload, 'spec', 'selector');
  const plain =
    isObject(selector['matchLabels']) || Array.isArray(selector['matchExpressions'])
      ? selector['matchLabels']
      : selector;
  const equal = Object.entries(isObject(plain) ? plain : {}).map(([key, value]) => `${key}=${text(value)}`);
  const expressions = objects(selector, 'matchExpressions').map((expression) => {
    const key = text(expression, 'key');
    const values = (Array.isArray(expression['values']) ? expression['values'] : [])
      .map((value) => text(value))
      .join(',');
    switch (text(expression, 'operator')) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return key;
    }
  });
  return [...equal, ...expressions].join(',');
}

/** The revision to go back to: the one asked for, or with 0 the one before the newest. */
export function revisionToRestore(revisions: readonly RolloutRevision[], wanted: number, info: Info): RolloutRevision {
  if (wanted > 0) {
    const found = revisions.find((revision) => revision.number === wanted);
    if (found === undefined) throw new Failure(`unable to find specified revision ${wanted} in history`);
    return found;
  }
  const before = revisions.at(-2);
  if (before === undefined)
    throw new Failure(
      info.resource.kind === 'Deployment'
        ? `no rollout history found for deployment ${JSON.stringify(nameOf(info.object))}`
        : 'no last revision to roll back to',
    );
  return before;
}
