// Which fields a request can own. A write to an object cannot touch its status and a write to a subresource not the rest, so
// those are not owned by it (Kubernetes: GetResetFields of the strategies); nor are the fields that the server itself keeps.
import type { ObjectSchema } from '../../api/schema/object-schema.ts';
import { EMPTY, setOfPaths, type FieldSet } from './field-set.ts';

/** Bookkeeping that no manager owns. */
export const SERVER_FIELDS: FieldSet = setOfPaths(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ['f:metadata', 'f:name'],
  ['f:metadata', 'f:namespace'],
  ['f:metadata', 'f:creationTimestamp'],
  ['f:metadata', 'f:selfLink'],
  ['f:metadata', 'f:uid'],
  ['f:metadata', 'f:clusterName'],
  ['f:metadata', 'f:generation'],
  ['f:metadata', 'f:managedFields'],
  ['f:metadata', 'f:resourceVersion'],
);

const STATUS = setOfPaths(['f:status']);
const SPEC = setOfPaths(['f:spec']);

/** Where a write of the status leaves more alone than the spec. */
const STATUS_RESETS: Readonly<Record<string, FieldSet>> = {
  'apps.v1.Deployment': setOfPaths(['f:spec'], ['f:metadata', 'f:labels']),
  'core.v1.Pod': setOfPaths(['f:spec'], ['f:metadata', 'f:deletionTimestamp'], ['f:metadata', 'f:ownerReferences']),
  'apiextensions.v1.CustomResourceDefinition': setOfPaths(['f:spec'], ['f:metadata']),
  'certificates.v1.CertificateSigningRequest': setOfPaths(['f:spec'], ['f:status', 'f:conditions']),
  'resource.v1.ResourceClaim': setOfPaths(['f:spec'], ['f:metadata']),
};

/** The paths that a write to `subresource` (empty: the object itself) does not own, everything below them included. */
export function resetFieldsOf(schema: ObjectSchema, subresource: string): FieldSet {
  const hasStatus = schema.fields.has('status');
  switch (subresource) {
    case '':
    case 'finalize':
    case 'ephemeralcontainers':
    case 'resize':
      return hasStatus ? STATUS : EMPTY;
    case 'status':
      return STATUS_RESETS[schema.name] ?? SPEC;
    default:
      return EMPTY;
  }
}
