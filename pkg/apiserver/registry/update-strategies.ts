// What an update may change depends on the path it comes by: the object itself, its status, or a subresource that owns one
// part of it. Every strategy first puts back what is not its own and then checks the rest.
import { validateEphemeralContainersUpdate, validateResize } from '../../api/core/v1/pod-parts-validation.ts';
import type { FieldError } from '../../api/meta/status.ts';
import type { KindDefinition, StrategyContext } from '../../api/schema/kind.ts';
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { approvalFaults, prepareApproval } from '../../api/certificates/v1/approval-rules.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { sameJson } from './copy-json.ts';

export interface UpdateStrategy {
  /** Changes `object`, never `old`. Can run several times. */
  prepare(definition: KindDefinition, object: KubeObject, old: KubeObject, context: StrategyContext): void;
  /** Faults of everything but metadata. */
  validate(definition: KindDefinition, object: KubeObject, old: KubeObject): FieldError[];
}

const main: UpdateStrategy = {
  prepare: (definition, object, old, context) => definition.prepareForUpdate(object, old, context),
  validate: (definition, object, old) => definition.validateUpdate(object, old),
};

const status: UpdateStrategy = {
  prepare: (definition, object, old, context) => definition.prepareForStatusUpdate(object, old, context),
  validate: (definition, object, old) => definition.validateStatusUpdate(object, old),
};

type WithParts = KubeObject & { spec?: unknown; status?: unknown };

/** PUT namespaces/<name>/finalize: the finalizers in the spec, which no other update can change. */
const finalize: UpdateStrategy = {
  prepare(_, object: WithParts, old: WithParts) {
    if (old.status === undefined) delete object.status;
    else object.status = old.status;
  },
  validate: () => [],
};

const ephemeralContainers: UpdateStrategy = {
  prepare(_, object, old) {
    keepPod(object, old, ({ ephemeralContainers: now }, { ephemeralContainers: _old, ...before }) => ({
      ...before,
      ...(now !== undefined && { ephemeralContainers: now }),
    }));
    countChange(object, old);
  },
  validate: (_, object, old) => validateEphemeralContainersUpdate(podOf(object), podOf(old)),
};

/** PATCH pods/<name>/resize: the resources of containers. */
const resize: UpdateStrategy = {
  prepare(_, object, old) {
    keepPod(object, old, (spec, before) => ({
      ...before,
      containers: resized(before.containers, spec.containers),
      ...(before.initContainers !== undefined && {
        initContainers: resized(before.initContainers, spec.initContainers ?? []),
      }),
    }));
    countChange(object, old);
  },
  validate: (_, object, old) => validateResize(podOf(object), podOf(old)),
};

function resized(before: readonly Container[], now: readonly Container[]): Container[] {
  return before.map((container) => {
    const asked = now.find(({ name }) => name === container.name);
    if (asked === undefined) return container;
    const { resources: _old, resizePolicy: _older, ...rest } = container;
    // A field that is not there must not become one that holds nothing: the next patch would stumble over it.
    return {
      ...rest,
      ...(asked.resources !== undefined && { resources: asked.resources }),
      ...(asked.resizePolicy !== undefined && { resizePolicy: asked.resizePolicy }),
    };
  });
}

function countChange(object: KubeObject, old: KubeObject): void {
  const { generation } = old.metadata;
  if (generation === undefined || sameJson(podOf(object).spec, podOf(old).spec)) return;
  object.metadata.generation = generation + 1;
}

function keepPod(
  object: KubeObject,
  old: KubeObject,
  spec: (now: Pod['spec'], before: Pod['spec']) => Pod['spec'],
): void {
  const [pod, before] = [podOf(object), podOf(old)];
  pod.spec = spec(pod.spec, before.spec);
  pod.status = before.status;
  pod.metadata = {
    ...before.metadata,
    resourceVersion: pod.metadata.resourceVersion,
    managedFields: pod.metadata.managedFields,
  };
}

/** These subresources are those of pods. */
function podOf(object: KubeObject): Pod {
  return object as Pod;
}

/** PUT and PATCH certificatesigningrequests/<name>/approval: whether it is approved, and nothing else. */
const approval: UpdateStrategy = {
  prepare: (_, object, old, { now }) => prepareApproval(requestOf(object), requestOf(old), now),
  validate: (_, object, old) => approvalFaults(requestOf(object), requestOf(old)),
};

/** This subresource is that of certificate requests. */
function requestOf(object: KubeObject): CertificateSigningRequest {
  return object as CertificateSigningRequest;
}

const STRATEGIES: Readonly<Record<string, UpdateStrategy>> = {
  status,
  finalize,
  ephemeralcontainers: ephemeralContainers,
  resize,
  approval,
};

export function updateStrategy(subresource: string): UpdateStrategy {
  return STRATEGIES[subresource] ?? main;
}
