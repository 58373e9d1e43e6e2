import { deployments } from '../../resources.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { Deployment } from '../../schema/generated/apps.v1.gen.ts';

export const deploymentKind = defineKind<Deployment>({
  type: deployments,
  schema: 'apps.v1.Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  subresources: [SCALE],
});
