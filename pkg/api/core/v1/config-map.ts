import { configMaps } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ConfigMap } from '../../schema/generated/core.v1.gen.ts';

export const configMapKind = defineKind<ConfigMap>({
  type: configMaps,
  schema: 'core.v1.ConfigMap',
  shortNames: ['cm'],
  categories: [],
});
