// Pods that have written more to the node's disk than they may: emptyDir volumes with a sizeLimit, and ephemeral-storage limits.
// Pure; texts are Kubernetes'.
import { wholeValue } from '../../api/meta/quantity.ts';
import { aggregateContainers } from '../../api/core/v1/resource-amounts.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';

export interface DiskUsage {
  /** Bytes by emptyDir volume on disk. */
  readonly volumes: ReadonlyMap<string, number>;
  /** Bytes of what each container wrote into its own file system and its log. */
  readonly containers: ReadonlyMap<string, number>;
}

/** Nothing has to be measured for pods without limits. */
export function hasStorageLimits({ spec }: Pod): boolean {
  const volumes = (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && onDisk(emptyDir));
  return volumes || spec.containers.some(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined);
}

/** Undefined when the pod keeps to its limits. */
export function storageFault({ spec }: Pod, used: DiskUsage): string | undefined {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit;
    if (limit === undefined || !onDisk(emptyDir) || wholeValue(limit) === 0) continue;
    if ((used.volumes.get(name) ?? 0) > wholeValue(limit)) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
    }
  }
  const total = aggregateContainers(spec.containers, spec.initContainers ?? [], 'limits')['ephemeral-storage'];
  const isLimited = spec.containers.every(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined);
  const everything = [...used.volumes.values(), ...used.containers.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total !== undefined && isLimited && everything > wholeValue(total)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `;
  }
  for (const { name, resources } of spec.containers) {
    const limit = resources?.limits?.['ephemeral-storage'];
    if (limit === undefined || (used.containers.get(name) ?? 0) <= wholeValue(limit)) continue;
    return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

function onDisk(emptyDir: { readonly medium?: string } | undefined): boolean {
  return emptyDir !== undefined && (emptyDir.medium ?? '') === '';
}
