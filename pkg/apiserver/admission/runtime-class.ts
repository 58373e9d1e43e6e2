// RuntimeClass: a pod that names one gets its overhead and may only go where it is supported.
// k8s.io/kubernetes plugin/pkg/admission/runtimeclass.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { RuntimeClass } from '../../api/schema/generated/node.v1.gen.ts';
import { forbidden } from '../http-errors.ts';
import { sameJson } from '../registry/copy-json.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { podOf } from './service-account.ts';

const PREFIX = '/registry/node.k8s.io/runtimeclasses/';

export function runtimeClass({ cache }: { cache: WatchCache }): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    operations: new Set(['CREATE']),
    resources: new Set(['pods']),
    admit(request) {
      const pod = podOf(request.object);
      if (pod === undefined) return undefined;
      const name = pod.spec.runtimeClassName;
      if (!name) {
        if (!hasOverhead(pod)) return undefined;
        throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
      const found = classNamed(cache, name);
      if (found === undefined) return lookAgain(cache, request, pod, name);
      applyClass(request, pod, found);
      return undefined;
    },
  };
}

/** It may have been created a moment ago. */
async function lookAgain(cache: WatchCache, request: AdmissionRequest, pod: Pod, name: string): Promise<void> {
  await cache.current();
  const found = classNamed(cache, name);
  if (found === undefined) throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  applyClass(request, pod, found);
}

function classNamed(cache: WatchCache, name: string): RuntimeClass | undefined {
  // What stands under this prefix is a RuntimeClass.
  const found = cache.resource(PREFIX).get('', name)?.value;
  return found === undefined ? undefined : (found as RuntimeClass);
}

function hasOverhead({ spec }: Pod): boolean {
  return Object.keys(spec.overhead ?? {}).length > 0;
}

function applyClass(request: AdmissionRequest, pod: Pod, { overhead, scheduling }: RuntimeClass): void {
  const { spec } = pod;
  const fixed = overhead?.podFixed;
  if (fixed === undefined) {
    if (hasOverhead(pod)) {
      throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  } else {
    if (hasOverhead(pod) && !sameJson(spec.overhead, fixed)) {
      throw refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
    spec.overhead = { ...fixed };
  }
  if (scheduling?.nodeSelector !== undefined)
    spec.nodeSelector = mergedSelector(request, spec.nodeSelector ?? {}, scheduling.nodeSelector);
  const own = spec.tolerations ?? [];
  const more = (scheduling?.tolerations ?? []).filter(
    (toleration) => !own.some((other) => sameJson(other, toleration)),
  );
  if (more.length > 0) spec.tolerations = [...own, ...more.map((toleration) => ({ ...toleration }))];
}

function mergedSelector(
  request: AdmissionRequest,
  own: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const [key, value] of Object.entries(wanted)) {
    const mine = own[key];
    if (mine !== undefined && mine !== value) {
      throw refusal(
        request,
        `conflict: runtimeClass.Scheduling.NodeSelector[${key}] = ${value}; pod.Spec.NodeSelector[${key}] = ${mine}`,
      );
    }
  }
  return { ...own, ...wanted };
}

function refusal({ served, object }: AdmissionRequest, why: string) {
  return forbidden(served.resource, object?.metadata.name ?? '', why);
}
