// Turns objects into the body that the client asked for: as they are, as a Table, as their metadata only; JSON or YAML.
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { EncodedValue, JSON_TYPE } from '../encoded.ts';
import type { Negotiated } from '../http/accept.ts';
import { badRequest } from '../http-errors.ts';
import type { ApiResponse, Encoded } from '../request.ts';
import { toPartialObjectMetadata, toPartialObjectMetadataList, toTable, type Tabular } from '../table/table.ts';
import { yamlResponse } from '../yaml.ts';
import type { CachedObject } from '../watchcache/cached-object.ts';
import { EncodedList, type ListMetadata } from './encoded-list.ts';
import type { ServedKind } from './served-kind.ts';

export interface Representation {
  readonly negotiated: Negotiated;
  /** Of Table requests: `None`, `Metadata` (default) or `Object`. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly now: number;
}

/** Throws 400 for an unknown includeObject. */
export function includeObjectOf(query: URLSearchParams): Representation['includeObject'] {
  const asked = query.get('includeObject') ?? '';
  switch (asked) {
    case '':
    case 'Metadata':
      return 'Metadata';
    case 'None':
    case 'Object':
      return asked;
    default:
      throw badRequest(`unrecognized includeObject value: ${JSON.stringify(asked)}`);
  }
}

/** One object, `object` being the kind's own view of it. */
export function objectResponse(
  status: number,
  served: ServedKind,
  object: CachedObject,
  how: Representation,
  warnings: readonly string[] = [],
): ApiResponse {
  return respond(status, objectBody(served, object, how), how.negotiated, warnings);
}

export function objectBody(served: ServedKind, object: CachedObject, how: Representation): Encoded {
  return how.negotiated.as === 'object' ? object : shapedBody(served.definition, object.value, how);
}

/** Also of forms that are no kind of their own, such as Scale. */
export function shapedBody(kind: Tabular, object: KubeObject, how: Representation): Encoded {
  const { as, metaVersion } = how.negotiated;
  if (as === 'object') return new EncodedValue(object);
  if (as === 'metadata') return new EncodedValue(toPartialObjectMetadata(object, metaVersion));
  return new EncodedValue(tableOf(kind, [object], { resourceVersion: object.metadata.resourceVersion }, how));
}

export function listResponse(
  served: ServedKind,
  items: readonly CachedObject[],
  metadata: ListMetadata,
  how: Representation,
): ApiResponse {
  return respond(200, listBody(served, items, metadata, how), how.negotiated, []);
}

function listBody(
  served: ServedKind,
  items: readonly CachedObject[],
  metadata: ListMetadata,
  how: Representation,
): Encoded {
  switch (how.negotiated.as) {
    case 'object':
      return new EncodedList({ kind: served.definition.listKind, apiVersion: served.apiVersion, metadata }, items);
    case 'metadata':
      return new EncodedValue(
        toPartialObjectMetadataList(
          items.map(({ value }) => value),
          metadata,
          how.negotiated.metaVersion,
        ),
      );
    case 'table':
      return new EncodedValue(
        tableOf(
          served.definition,
          items.map(({ value }) => value),
          metadata,
          how,
        ),
      );
  }
}

function tableOf(
  kind: Tabular,
  objects: readonly KubeObject[],
  listMetadata: object,
  { includeObject, now, negotiated: { metaVersion } }: Representation,
): object {
  return toTable(kind, objects, { includeObject, now, listMetadata, metaVersion });
}

/** Any body in the format that was asked for. */
export function respond(
  status: number,
  body: Encoded,
  negotiated: Negotiated,
  warnings: readonly string[],
): ApiResponse {
  if (negotiated.format === 'yaml') return yamlResponse(status, body, warnings);
  return { form: 'object', status, body, contentType: JSON_TYPE, warnings };
}
