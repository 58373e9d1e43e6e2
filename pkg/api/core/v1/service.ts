import { services } from '../../resources.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Service } from '../../schema/generated/core.v1.gen.ts';

export const serviceKind = defineKind<Service>({
  type: services,
  schema: 'core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  subresources: [subresource('proxy', 'v1', 'ServiceProxyOptions', 'delete', 'get', 'patch', 'post', 'put')],
});
