// Validation of what ReplicaSets and ReplicationControllers say of their pods.
import { Faults } from '../../meta/field-faults.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';
import type { ReplicaSet } from '../../schema/generated/apps.v1.gen.ts';

const COUNTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;

export function replicaStatusFaults(status: ReplicaSet['status']): FieldError[] {
  const faults = new Faults();
  faults.at('status', () => {
    checkNotNegative(faults, 'replicas', status.replicas);
    for (const field of COUNTS) checkNotNegative(faults, field, status[field]);
    checkNotNegative(faults, 'observedGeneration', status.observedGeneration);
    for (const field of COUNTS) {
      const count = status[field] ?? 0;
      if (count > (status.replicas ?? 0)) faults.invalid(field, count, 'cannot be greater than status.replicas');
    }
    if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
      faults.invalid('availableReplicas', status.availableReplicas, 'cannot be greater than readyReplicas');
    }
  });
  return faults.errors;
}
