// /scale: the replicas of anything that has replicas, as one kind (autoscaling/v1 Scale).
import type { FieldError } from '../../../api/meta/status.ts';
import { invalid } from '../../../api/meta/status.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { KubeObject } from '../../../api/schema/resource-type.ts';
import { methodNotAllowed, unknownPath } from '../../http-errors.ts';
import { encodeValue } from '../../encoded.ts';
import type { ApiResponse } from '../../request.ts';
import { copyJson } from '../copy-json.ts';
import { isApply, patchOf, patchValue } from '../patcher.ts';
import { respond } from '../represent.ts';
import { decodeBody, type BodyType } from '../request-body.ts';
import type { SubresourceCall } from '../subresource-handler.ts';
import type { ServedKind } from '../served-kind.ts';
import { checkName } from '../updater.ts';
import { addWarning, type WriteContext } from '../write-parts.ts';

interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

function bodyType(): BodyType {
  return {
    schema: schemaOf('autoscaling.v1.Scale'),
    groupVersionKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  };
}

export async function scale(call: SubresourceCall): Promise<ApiResponse> {
  const { api, served, target, request } = call;
  const how = api.representation(request, false);
  if (target.verb === 'get') {
    const { value } = await api.parts.reader.get(served, target.namespace, target.name);
    return respond(200, encodeValue(scaleOf(served, value)), how.negotiated, []);
  }
  if (target.verb !== 'update' && target.verb !== 'patch') throw methodNotAllowed();
  const patching = target.verb === 'patch';
  if (patching) isApply(request.body);
  const context = api.writeContext(served, target, request, patching ? 'PatchOptions' : 'UpdateOptions');
  const { object } = await api.updater.update({
    context,
    next: (live) => ({ object: scaled(call, context, live) }),
    createMissing: false,
  });
  return respond(200, encodeValue(scaleOf(served, object.value)), how.negotiated, context.warnings);
}

function scaled({ served, request }: SubresourceCall, context: WriteContext, live: KubeObject | undefined): KubeObject {
  if (live === undefined) throw unknownPath();
  const asked = askedScale(served, request, context, live);
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
