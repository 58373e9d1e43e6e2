import { endpoints } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Endpoints } from '../../schema/generated/core.v1.gen.ts';

export const endpointsKind = defineKind<Endpoints>({
  type: endpoints,
  schema: 'core.v1.Endpoints',
  shortNames: ['ep'],
  createOnUpdate: true,
});
