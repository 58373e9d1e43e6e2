// /scale: the replicas of anything that has replicas, as one kind (autoscaling/v1 Scale).
import type { FieldError } from '../../../api/meta/status.ts';
import { invalid } from '../../../api/meta/status.ts';
import { age, columns, integer } from '../../../api/schema/columns.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { KubeObject } from '../../../api/schema/resource-type.ts';
import { methodNotAllowed, unknownPath } from '../../http-errors.ts';
import type { ApiResponse } from '../../request.ts';
import { ownersAfterScale, ownersOfScale } from '../../patch/scale-owners.ts';
import type { Instant } from '../../../clock/clock.ts';
import { copyJson } from '../copy-json.ts';
import { applier, isApply, patchOf, patchValue } from '../patcher.ts';
import { respond, shapedBody } from '../represent.ts';
import { decodeBody, type BodyType } from '../request-body.ts';
import type { SubresourceCall } from '../subresource-handler.ts';
import type { ServedKind } from '../served-kind.ts';
import type { Tabular } from '../../table/table.ts';
import { checkName, type Next } from '../updater.ts';
import { addWarning, type WriteContext } from '../write-parts.ts';

interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

/** Columns of `kubectl get --subresource=scale`. */
const [NAME, ...REST] = columns<Scale>(
  integer(
    'Desired',
    'replicas is the desired number of instances for the scaled object.',
    ({ spec }) => spec.replicas ?? 0,
  ),
  integer(
    'Available',
    'replicas is the actual number of observed instances of the scaled object.',
    ({ status }) => status.replicas,
  ),
  age(),
);
const SCALES: Tabular = { columns: NAME === undefined ? REST : [{ ...NAME, format: '' }, ...REST] };

function bodyType(): BodyType {
  return {
    schema: schemaOf('autoscaling.v1.Scale'),
    groupVersionKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  };
}

export async function scale(call: SubresourceCall): Promise<ApiResponse> {
  const { api, served, target, request } = call;
  const how = api.representation(request, 'object');
  if (target.verb === 'get') {
    const { value } = await api.parts.reader.get(served, target.namespace, target.name);
    return respond(200, shapedBody(SCALES, scaleOf(served, value), how), how.negotiated, []);
  }
  if (target.verb !== 'update' && target.verb !== 'patch') throw methodNotAllowed();
  const patching = target.verb === 'patch';
  const applying = patching && isApply(request.body);
  const context = api.writeContext(served, target, request, patching ? 'PatchOptions' : 'UpdateOptions', applying);
  const next = applying ? applied(call, context, how.now) : asked(call, context);
  const { object } = await api.updater.update({ context, next, createMissing: false });
  return respond(200, shapedBody(SCALES, scaleOf(served, object.value), how), how.negotiated, context.warnings);
}

type Step = (live: KubeObject | undefined) => Next;

function asked({ served, request }: SubresourceCall, context: WriteContext): Step {
  return (live) => {
    if (live === undefined) throw unknownPath();
    return { object: scaled(context, live, askedScale(served, request, context, live)) };
  };
}

function applied({ served, request: { body } }: SubresourceCall, context: WriteContext, now: Instant): Step {
  if (body === undefined) throw unknownPath();
  const { schema, groupVersionKind: type } = bodyType();
  const apply = applier(context, body, now, { type, schema: schema.name, setDefaults: () => undefined });
  return (live) => {
    if (live === undefined) throw unknownPath();
    const { managedFields } = live.metadata;
    const before = scaleOf(served, live);
    const after = apply({ ...before, metadata: { ...before.metadata, managedFields: ownersOfScale(managedFields) } });
    const object = scaled(context, live, after as Scale);
    object.metadata.managedFields = ownersAfterScale(managedFields, after.metadata.managedFields, live.apiVersion);
    return { object, tracked: true };
  };
}

function scaled(context: WriteContext, live: KubeObject, asked: Scale): KubeObject {
  const { served } = context;
  checkName(context, asked);
  const replicas = asked.spec?.replicas ?? 0;
  if (replicas < 0) throw negative(asked.metadata.name, replicas);
  const object = copyJson(live);
  // Without a revision of its own the request means whatever is there.
  object.metadata.resourceVersion = asked.metadata.resourceVersion || live.metadata.resourceVersion;
  if (asked.metadata.uid) object.metadata.uid = asked.metadata.uid;
  served.definition.scale?.write(object, replicas);
  return object;
}

function askedScale(
  served: ServedKind,
  request: SubresourceCall['request'],
  context: WriteContext,
  live: KubeObject,
): Scale {
  const { fieldValidation } = context.options;
  if (request.method === 'PATCH' && request.body !== undefined) {
    const { contentType } = request.body;
    const patch = patchOf(request.body);
    // Decoded by Scale's own schema.
    return patchValue(
      scaleOf(served, live),
      patch,
      bodyType(),
      contentType,
      fieldValidation,
      context.warnings,
    ) as Scale;
  }
  const { object, warnings } = decodeBody(request.body, bodyType(), fieldValidation);
  for (const warning of warnings) addWarning(context.warnings, warning);
  return object as Scale;
}

function scaleOf(served: ServedKind, object: KubeObject): Scale {
  const found = served.definition.scale?.read(object);
  if (found === undefined) throw unknownPath();
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: found.replicas === 0 ? {} : { replicas: found.replicas },
    status: { replicas: found.statusReplicas, ...(found.selector !== '' && { selector: found.selector }) },
  };
}

function negative(name: string, replicas: number) {
  const fault: FieldError = {
    type: 'Invalid',
    field: 'spec.replicas',
    body: `Invalid value: ${replicas}: must be greater than or equal to 0`,
  };
  return invalid({ group: 'autoscaling', kind: 'Scale', name }, [fault]);
}
