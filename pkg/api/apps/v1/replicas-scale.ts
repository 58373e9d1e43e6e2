// `/scale` of the kinds that keep a number of pods alike.
import type { LabelSelector } from '../../meta/label-selector.ts';
import type { KindDefinition } from '../../schema/kind.ts';
import type { KubeObject } from '../../schema/resource-type.ts';

interface Scalable extends KubeObject {
  spec: { replicas?: number };
  status: { replicas?: number };
}

/** `selectorOf`: which pods are counted. */
export function replicasScale<T extends Scalable>(
  selectorOf: (spec: T['spec']) => LabelSelector,
): NonNullable<KindDefinition<T>['scale']> {
  return {
    read: ({ spec, status }) => ({
      replicas: spec.replicas ?? 0,
      statusReplicas: status.replicas ?? 0,
      selector: selectorOf(spec).toString(),
    }),
    write({ spec }, replicas) {
      spec.replicas = replicas;
    },
  };
}
