// POST /binding: puts a pod on a node. k8s.io/kubernetes pkg/registry/core/pod/storage/storage.go (assignPod).
import { conflict, invalid, notFound, type FieldError } from '../../../api/meta/status.ts';
import { formatTime } from '../../../api/meta/time.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { Binding, Pod, PodCondition } from '../../../api/schema/generated/core.v1.gen.ts';
import { badRequest, unknownPath } from '../../http-errors.ts';
import type { ApiResponse } from '../../request.ts';
import type { CachedObject } from '../../watchcache/cached-object.ts';
import { decodeBody, type BodyType } from '../request-body.ts';
import { createdStatus, type SubresourceCall } from '../subresource-handler.ts';
import { settleNamespace } from '../write-parts.ts';

const RESOURCE = { group: '', resource: 'pods/binding' };
const MOST_ATTEMPTS = 50;

function bodyType(): BodyType {
  return { schema: schemaOf('core.v1.Binding'), groupVersionKind: { group: '', version: 'v1', kind: 'Binding' } };
}

/** At `pods/<name>/binding` and at `bindings`, where the name is in the body. */
export async function bindPod({ api, target, request }: SubresourceCall): Promise<ApiResponse> {
  const served = api.kindOf('', 'pods');
  if (served === undefined) throw unknownPath();
  const context = api.writeContext(served, target, request, 'CreateOptions');
  // Decoded by Binding's own schema.
  const binding = decodeBody(request.body, bodyType(), context.options.fieldValidation).object as Binding;
  const { namespace } = target;
  const name = target.name === '' ? (binding.metadata.name ?? '') : target.name;
  if (binding.metadata.name !== name) {
    throw badRequest(`name in URL does not match name in Binding object`);
  }
  settleNamespace(binding.metadata, namespace);
  checkTarget(binding, name);
  const { reader, committer, clock } = api.parts;
  let live: CachedObject | undefined = await reader.find(served, namespace, name);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (live === undefined) throw notFound({ group: '', resource: 'pods' }, name);
    const pod = bound(live.value as Pod, binding, clock.now());
    if (context.options.dryRun) return createdStatus();
    const commit = await committer.replace(served, live, pod);
    if (commit.ok) return createdStatus();
    live = commit.current;
  }
  throw conflict(RESOURCE, name, 'the pod is changed too often to be bound');
}

function checkTarget({ target }: Binding, name: string): void {
  const faults: FieldError[] = [];
  if (target?.kind && target.kind !== 'Node') {
    faults.push({
      type: 'NotSupported',
      field: 'target.kind',
      body: `Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`,
    });
  }
  if (!target?.name) faults.push({ type: 'Required', field: 'target.name', body: 'Required value' });
  if (faults.length > 0) throw invalid({ group: '', kind: 'Binding', name }, faults);
}

function bound(pod: Pod, { metadata, target }: Binding, now: number): Pod {
  const { name } = pod.metadata;
  if (metadata.uid && metadata.uid !== pod.metadata.uid) {
    throw conflict(
      RESOURCE,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  }
  if (metadata.resourceVersion && metadata.resourceVersion !== pod.metadata.resourceVersion) {
    throw conflict(
      RESOURCE,
      name,
      `Precondition failed: ResourceVersion in precondition: ${metadata.resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
    );
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(RESOURCE, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec.nodeName) {
    throw conflict(RESOURCE, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  }
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    throw conflict(RESOURCE, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  // What was nominated has become true or been overruled (since 1.34).
  const { nominatedNodeName: _, ...status } = pod.status;
  const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  const labels = { ...pod.metadata.labels, ...metadata.labels };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ...(Object.keys(labels).length > 0 && { labels }),
    },
    spec: { ...pod.spec, nodeName: target.name ?? '' },
    status: { ...status, conditions: scheduled(status.conditions ?? [], now) },
  };
}

function scheduled(conditions: readonly PodCondition[], now: number): PodCondition[] {
  const others = conditions.filter(({ type }) => type !== 'PodScheduled');
  return [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: formatTime(now) }];
}
