// Priority: a pod's class becomes its priority and preemption policy. k8s.io/kubernetes plugin/pkg/admission/priority.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { forbidden } from '../http-errors.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { podOf } from './service-account.ts';

interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

const PREFIX = '/registry/scheduling.k8s.io/priorityclasses/';
const DEFAULT_POLICY = 'PreemptLowerPriority';
/** Always there, also where PriorityClasses are not served. */
const SYSTEM_CLASSES: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

export function priority({ cache }: { cache: WatchCache }): AdmissionPlugin {
  return {
    name: 'Priority',
    operations: new Set(['CREATE', 'UPDATE']),
    resources: new Set(['pods']),
    admit(request) {
      const pod = podOf(request.object);
      if (pod === undefined) return;
      if (request.operation === 'UPDATE') return keepPriority(pod, podOf(request.old));
      const { spec } = pod;
      const found = spec.priorityClassName ? classNamed(cache, spec.priorityClassName) : defaultClass(cache);
      if (found === undefined && spec.priorityClassName) {
        throw refusal(request, `no PriorityClass with name ${spec.priorityClassName} was found`);
      }
      const value = found?.value ?? 0;
      if (found !== undefined && !spec.priorityClassName) spec.priorityClassName = found.name;
      if (spec.priority !== undefined && spec.priority !== value) {
        throw refusal(
          request,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }
      const policy = found?.policy ?? DEFAULT_POLICY;
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        throw refusal(
          request,
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
        );
      }
      spec.priority = value;
      spec.preemptionPolicy = policy;
    },
  };
}

/** Clients that do not know the fields may leave them out. */
function keepPriority({ spec }: Pod, old: Pod | undefined): void {
  if (old?.spec.priority !== undefined) spec.priority ??= old.spec.priority;
  if (old?.spec.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.spec.preemptionPolicy;
}

interface Found {
  readonly name: string;
  readonly value: number;
  readonly policy: string | undefined;
}

function classNamed(cache: WatchCache, name: string): Found | undefined {
  const object = cache.resource(PREFIX).get('', name);
  if (object !== undefined) return foundOf(object.value);
  const value = SYSTEM_CLASSES.get(name);
  return value === undefined ? undefined : { name, value, policy: undefined };
}

/** Of several global defaults the lowest counts. */
function defaultClass(cache: WatchCache): Found | undefined {
  const classes = cache.resource(PREFIX);
  if (classes.size === 0) return undefined;
  const defaults = classes
    .list(undefined)
    .map(({ value }) => value)
    .filter((value) => priorityClassOf(value).globalDefault === true)
    .map(foundOf);
  return defaults.toSorted((a, b) => a.value - b.value)[0];
}

function foundOf(object: KubeObject): Found {
  const { metadata, value, preemptionPolicy } = priorityClassOf(object);
  return { name: metadata.name, value, policy: preemptionPolicy };
}

/** What stands under this plugin's prefix is a PriorityClass. */
function priorityClassOf(object: KubeObject): PriorityClass {
  return object as PriorityClass;
}

function refusal({ served, object }: AdmissionRequest, why: string) {
  return forbidden(served.resource, object?.metadata.name ?? '', why);
}
