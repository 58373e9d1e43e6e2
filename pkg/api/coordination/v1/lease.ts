import { leases } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Lease } from '../../schema/generated/coordination.v1.gen.ts';

export const leaseKind = defineKind<Lease>({
  type: leases,
  schema: 'coordination.v1.Lease',
  createOnUpdate: true,
  unconditionalUpdate: false,
});
