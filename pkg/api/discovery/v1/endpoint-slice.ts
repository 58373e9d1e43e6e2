import { endpointSlices } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { EndpointSlice } from '../../schema/generated/discovery.v1.gen.ts';

export const endpointSliceKind = defineKind<EndpointSlice>({
  type: endpointSlices,
  schema: 'discovery.v1.EndpointSlice',
});
