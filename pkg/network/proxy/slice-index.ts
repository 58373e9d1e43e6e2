// The index of EndpointSlices by the Service they belong to, which all parts of a node's network share.
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { serviceKeyOfSlice } from './rules.ts';

export const BY_SERVICE = 'network/service';

export const serviceSliceIndex = {
  [BY_SERVICE]: (slice: EndpointSlice): string[] => {
    const key = serviceKeyOfSlice(slice);
    return key === undefined ? [] : [key];
  },
};
