import { replicaSets } from '../../resources.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { ReplicaSet } from '../../schema/generated/apps.v1.gen.ts';

export const replicaSetKind = defineKind<ReplicaSet>({
  type: replicaSets,
  schema: 'apps.v1.ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  subresources: [SCALE],
});
