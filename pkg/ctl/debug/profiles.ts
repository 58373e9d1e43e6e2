// What each profile of `debug` makes of the pod that it starts or of the container that it adds: which rights the container
// has, and what is left of the pod that was copied. Pure; rules are those of kubectl's profiles.
import type { JsonObject } from '../../api/schema/json.ts';
import { list, object, objects, text } from '../objects/access.ts';

export const PROFILES = ['legacy', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin'] as const;
export type Profile = (typeof PROFILES)[number];

export function profileOf(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile === name);
}

/** How it is debugged: by a container added to the pod, by a copy of the pod, or by a pod on a node. */
export type Style = 'ephemeral' | 'copy' | 'node';

/** What of the original a copy keeps. */
export interface Keep {
  readonly labels: boolean;
  readonly annotations: boolean;
  readonly liveness: boolean;
  readonly readiness: boolean;
  readonly startup: boolean;
  readonly initContainers: boolean;
}

export interface ProfileRequest {
  readonly profile: Profile;
  readonly style: Style;
  readonly container: string;
  readonly keep: Keep;
}

/** Changes `pod`, which nobody else holds. */
export function applyProfile(pod: JsonObject, request: ProfileRequest): void {
  const { profile, style, container, keep } = request;
  const target = containersOf(pod).find((one) => text(one, 'name') === container);
  if (target !== undefined) grantRights(target, profile, style);
  if (style === 'copy') {
    if (profile === 'legacy') deleteFrom(pod, 'metadata', 'labels');
    else {
      reduceCopy(pod, keep);
      if (object(pod, 'spec')['shareProcessNamespace'] === undefined) setIn(pod, 'shareProcessNamespace', true);
    }
  }
  if (style !== 'node') return;
  if (profile === 'legacy' || profile === 'general' || profile === 'sysadmin') mountRoot(pod, target);
  if (profile !== 'baseline' && profile !== 'restricted')
    for (const namespace of ['hostNetwork', 'hostPID', 'hostIPC']) setIn(pod, namespace, true);
}

function containersOf(pod: JsonObject): JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => objects(pod, 'spec', field));
}

function grantRights(container: JsonObject, profile: Profile, style: Style): void {
  switch (profile) {
    case 'legacy':
      return;
    case 'general':
      if (style === 'node') delete container['securityContext'];
      else addCapabilities(container, 'SYS_PTRACE');
      return;
    case 'baseline':
      delete container['securityContext'];
      return;
    case 'restricted':
      container['securityContext'] = {
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'RuntimeDefault' },
      };
      return;
    case 'netadmin':
      addCapabilities(container, 'NET_ADMIN', 'NET_RAW');
      return;
    case 'sysadmin':
      container['securityContext'] = { ...object(container, 'securityContext'), privileged: true };
  }
}

function addCapabilities(container: JsonObject, ...names: readonly string[]): void {
  const context = object(container, 'securityContext');
  const capabilities = object(context, 'capabilities');
  container['securityContext'] = {
    ...context,
    capabilities: { ...capabilities, add: [...list(capabilities, 'add'), ...names] },
  };
}

function reduceCopy(pod: JsonObject, keep: Keep): void {
  if (!keep.labels) deleteFrom(pod, 'metadata', 'labels');
  if (!keep.annotations) deleteFrom(pod, 'metadata', 'annotations');
  if (!keep.initContainers) deleteFrom(pod, 'spec', 'initContainers');
  for (const container of objects(pod, 'spec', 'containers')) {
    if (!keep.liveness) delete container['livenessProbe'];
    if (!keep.readiness) delete container['readinessProbe'];
    if (!keep.startup) delete container['startupProbe'];
  }
}

function mountRoot(pod: JsonObject, container: JsonObject | undefined): void {
  const name = 'host-root';
  setIn(pod, 'volumes', [...list(pod, 'spec', 'volumes'), { name, hostPath: { path: '/' } }]);
  if (container !== undefined)
    container['volumeMounts'] = [...list(container, 'volumeMounts'), { mountPath: '/host', name }];
}

function setIn(pod: JsonObject, field: string, value: JsonObject[string]): void {
  const spec = pod['spec'] ?? {};
  pod['spec'] = { ...object(spec), [field]: value };
}

function deleteFrom(pod: JsonObject, part: string, field: string): void {
  delete object(pod, part)[field];
}
