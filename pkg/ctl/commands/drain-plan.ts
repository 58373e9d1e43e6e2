// Which pods of a node a drain removes, what it warns about, and why it refuses; in kubectl's sentences. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { flag, has, nameOf, namespaceOf, objects, text } from '../objects/access.ts';

export interface DrainOptions {
  readonly force: boolean;
  readonly ignoreDaemonSets: boolean;
  readonly deleteEmptyDirData: boolean;
}

export interface DrainPlan {
  readonly pods: readonly JsonObject[];
  readonly warnings: readonly string[];
  /** Nothing may be removed when there are any. */
  readonly errors: readonly string[];
}

const DAEMON_SET = {
  error: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
  warning: 'ignoring DaemonSet-managed Pods',
};
const LOCAL_DATA = {
  error: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)',
  warning: '',
};
const UNMANAGED = {
  // kubectl says it twice.
  error: 'cannot delete cannot delete Pods that declare no controller (use --force to override)',
  warning: 'deleting Pods that declare no controller',
};

type Verdict =
  | { readonly remove: boolean }
  | { readonly remove: true; readonly warning: string }
  | { readonly remove: false; readonly warning: string }
  | { readonly error: string };

/** `daemonSets`: `namespace/name` of those that exist. */
export function planDrain(
  pods: readonly JsonObject[],
  daemonSets: ReadonlySet<string>,
  options: DrainOptions,
): DrainPlan {
  const removed: JsonObject[] = [];
  const warnings = new Map<string, string[]>();
  const errors = new Map<string, string[]>();
  const note = (notes: Map<string, string[]>, reason: string, pod: JsonObject) =>
    notes.set(reason, [...(notes.get(reason) ?? []), `${namespaceOf(pod)}/${nameOf(pod)}`]);
  for (const pod of pods) {
    const verdict = judge(pod, daemonSets, options);
    if ('error' in verdict) {
      note(errors, verdict.error, pod);
      continue;
    }
    if ('warning' in verdict) note(warnings, verdict.warning, pod);
    if (verdict.remove) removed.push(pod);
  }
  const lines = (notes: Map<string, string[]>) => [...notes].map(([reason, names]) => `${reason}: ${names.join(', ')}`);
  return { pods: removed, warnings: lines(warnings), errors: lines(errors).sort() };
}

function judge(pod: JsonObject, daemonSets: ReadonlySet<string>, options: DrainOptions): Verdict {
  if (has(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror')) return { remove: false };
  const finished = ['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase'));
  const controller = objects(pod, 'metadata', 'ownerReferences').find((owner) => flag(owner, 'controller'));
  const deleting = has(pod, 'metadata', 'deletionTimestamp');
  if (text(controller, 'kind') === 'DaemonSet' && !finished) {
    if (!daemonSets.has(`${namespaceOf(pod)}/${text(controller, 'name')}`))
      return options.force ? { remove: true } : { error: DAEMON_SET.error };
    return options.ignoreDaemonSets ? { remove: false, warning: DAEMON_SET.warning } : { error: DAEMON_SET.error };
  }
  const localData = objects(pod, 'spec', 'volumes').some((volume) => has(volume, 'emptyDir'));
  if (localData && !finished && !options.deleteEmptyDirData) return { error: LOCAL_DATA.error };
  if (!finished && !deleting && controller === undefined)
    return options.force ? { remove: true, warning: UNMANAGED.warning } : { error: UNMANAGED.error };
  return { remove: true };
}
