import { nodes } from '../../resources.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Node } from '../../schema/generated/core.v1.gen.ts';

export const nodeKind = defineKind<Node>({
  type: nodes,
  schema: 'core.v1.Node',
  shortNames: ['no'],
  hasStatus: true,
  subresources: [subresource('proxy', 'v1', 'NodeProxyOptions', 'delete', 'get', 'patch', 'post', 'put')],
});
