import { secrets } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Secret } from '../../schema/generated/core.v1.gen.ts';

export const secretKind = defineKind<Secret>({
  type: secrets,
  schema: 'core.v1.Secret',
  shortNames: [],
  categories: [],
});
