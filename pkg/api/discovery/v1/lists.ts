// Lists and maps of discovery.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  Endpoint: 'addresses:set',
  EndpointHints: 'forNodes,forZones:atomic',
  EndpointPort: '*:atomicMap',
  EndpointSlice: 'endpoints,ports:atomic',
};
