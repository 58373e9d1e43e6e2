// Bodies of writes: which formats are taken and how an object comes out of them. Values handed over by callers of this
// process are copied, as they stay theirs.
import { decodeObject, decodeValue, type Decoded, type FieldValidation } from '../../api/schema/decode.ts';
import { decodeProtobuf, PROTOBUF_TYPE } from '../../api/schema/decode-protobuf.ts';
import type { ObjectSchema } from '../../api/schema/object-schema.ts';
import { SERVED_TYPES } from '../http/accept.ts';
import { unsupportedMediaType } from '../http-errors.ts';
import type { RequestBody } from '../request.ts';
import { copyJson } from './copy-json.ts';

export interface BodyType {
  readonly schema: ObjectSchema;
  readonly groupVersionKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly olderVersions?: readonly string[];
}

/** Throws 400 for what cannot be read as the type and 415 for other formats than JSON, YAML and protobuf. */
export function decodeBody(body: RequestBody | undefined, type: BodyType, fieldValidation: FieldValidation): Decoded {
  // Named one by one: they may be getters, which spreading would lose.
  const { schema, groupVersionKind, olderVersions = [] } = type;
  const options = { schema, groupVersionKind, olderVersions, fieldValidation };
  if (body?.form === 'bytes' && mediaTypeOf(body.contentType) === PROTOBUF_TYPE && body.bytes.length > 0) {
    return decodeProtobuf(body.bytes, options);
  }
  const format = formatOf(body?.contentType ?? '');
  if (body?.form === 'value') return decodeValue(copyJson(body.value), options);
  const text =
    body === undefined ? '' : Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.length).toString('utf8');
  return decodeObject(text, { ...options, format });
}

export function isEmpty(body: RequestBody | undefined): boolean {
  return body === undefined || (body.form === 'bytes' ? body.bytes.length === 0 : body.value === undefined);
}

/** Without parameters such as `charset`, in lower case. */
export function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

function formatOf(contentType: string): 'json' | 'yaml' {
  switch (mediaTypeOf(contentType)) {
    case '':
    case 'application/json':
      return 'json';
    case 'application/yaml':
      return 'yaml';
    default:
      throw unsupportedMediaType([...SERVED_TYPES, PROTOBUF_TYPE]);
  }
}
