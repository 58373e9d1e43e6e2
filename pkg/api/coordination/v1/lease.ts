// Leases: who holds something, and until when.
import { Faults } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { leases } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Lease } from '../../schema/generated/coordination.v1.gen.ts';

const OLDEST = 'OldestEmulationVersion';

export const leaseKind = defineKind<Lease>({
  type: leases,
  schema: 'coordination.v1.Lease',
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: columns(
    text(
      'Holder',
      'holderIdentity contains the identity of the holder of a current lease.',
      ({ spec }) => spec.holderIdentity ?? '',
    ),
    age(),
  ),
  setDefaults(lease) {
    lease.spec ??= {};
  },
  validate,
});

function validate({ spec }: Lease): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
    if (duration !== undefined && duration <= 0)
      faults.invalid('leaseDurationSeconds', duration, 'must be greater than 0');
    if (transitions !== undefined && transitions < 0) {
      faults.invalid('leaseTransitions', transitions, 'must be greater than or equal to 0');
    }
    if (spec.strategy !== undefined) validateStrategy(faults, spec.strategy);
    if (spec.preferredHolder && !spec.strategy) {
      faults.forbidden('preferredHolder', 'may only be specified if `strategy` is defined');
    }
  });
  return faults.errors;
}

/** Kubernetes' own, or one with a domain. */
function validateStrategy(faults: Faults, strategy: string): void {
  const at = ['strategy', 'strategy'];
  if (strategy.includes('/')) faults.invalidAll(at, strategy, qualifiedNameFaults(strategy));
  else if (strategy !== OLDEST) faults.notSupported(at, strategy, [OLDEST]);
}
