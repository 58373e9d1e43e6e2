// Answers /openapi/v2 and /openapi/v3. The documents are made when first asked for and kept as bytes with their hash, so
// that a server nobody asks pays nothing.
import { createHash } from 'node:crypto';
import type { KindDefinition } from '../../api/schema/kind.ts';
import { metricsDescriptions } from '../../api/metrics-k8s-io/v1beta1/fields.ts';
import { apiVersionOf } from '../../api/schema/resource-type.ts';
import { notAcceptable } from '../http-errors.ts';
import { parseAccept, SERVED_TYPES } from '../http/accept.ts';
import { readDescriptions, type Descriptions } from './descriptions.ts';
import { documentV2, documentV3 } from './documents.ts';
import { encodeDocumentV2, PROTOBUF_V2 } from './protobuf-v2.ts';

export interface OpenApiAnswer {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Quoted; the caller answers 304 to a matching If-None-Match. */
  readonly etag: string;
}

const JSON_TYPE = 'application/json';
const documents = new WeakMap<readonly KindDefinition[], Documents>();

/** Undefined: no such document (the caller answers 404). Throws 406. */
export function answerOpenApi(
  path: string,
  _query: URLSearchParams,
  accept: string,
  kinds: readonly KindDefinition[],
): OpenApiAnswer | undefined {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (trimmed !== '/openapi/v2' && trimmed !== '/openapi/v3' && !trimmed.startsWith('/openapi/v3/')) return undefined;
  const form = formOf(accept, trimmed === '/openapi/v2');
  if (form === undefined) throw notAcceptable(SERVED_TYPES);
  const made = documents.get(kinds) ?? new Documents(kinds);
  documents.set(kinds, made);
  if (trimmed === '/openapi/v2') return form === 'protobuf' ? made.protobufV2() : made.jsonV2();
  return trimmed === '/openapi/v3' ? made.indexV3() : made.jsonV3(trimmed.slice('/openapi/v3/'.length));
}

/** kubectl and client-go take v2 as protobuf only, under either spelling of its media type. */
function formOf(accept: string, protobuf: boolean): 'json' | 'protobuf' | undefined {
  if (accept === '') return 'json';
  for (const { type, subtype } of parseAccept(accept)) {
    if (type === '*') return 'json';
    if (type !== 'application') continue;
    if (subtype === '*' || subtype === 'json') return 'json';
    if (protobuf && /^com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf$/.test(subtype)) return 'protobuf';
  }
  return undefined;
}

class Documents {
  readonly #kinds: readonly KindDefinition[];
  readonly #made = new Map<string, OpenApiAnswer>();
  #descriptions: Descriptions | undefined;

  constructor(kinds: readonly KindDefinition[]) {
    this.#kinds = kinds;
  }

  jsonV2(): OpenApiAnswer {
    return this.#once('v2', () => jsonAnswer(documentV2(this.#kinds, this.#texts())));
  }

  protobufV2(): OpenApiAnswer {
    return this.#once('v2 protobuf', () =>
      answer(encodeDocumentV2(documentV2(this.#kinds, this.#texts())), PROTOBUF_V2),
    );
  }

  /** `name` is `api/v1` or `apis/GROUP/VERSION`. */
  jsonV3(name: string): OpenApiAnswer | undefined {
    const kinds = this.#kinds.filter((kind) => documentName(kind) === name);
    return kinds.length === 0 ? undefined : this.#once(name, () => jsonAnswer(documentV3(kinds, this.#texts())));
  }

  /** Each document's address carries its hash, so that clients may keep it for as long as it is listed. */
  indexV3(): OpenApiAnswer {
    return this.#once('v3', () => {
      const names = [...new Set(this.#kinds.map(documentName))].toSorted();
      const paths = names.map((name): [string, object] => {
        const hash = (this.jsonV3(name)?.etag ?? '').replaceAll('"', '');
        return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }];
      });
      return jsonAnswer({ paths: Object.fromEntries(paths) });
    });
  }

  #once(name: string, make: () => OpenApiAnswer): OpenApiAnswer {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.#made.set(name, made);
    return made;
  }

  #texts(): Descriptions {
    this.#descriptions ??= { ...readDescriptions(), ...metricsDescriptions };
    return this.#descriptions;
  }
}

function documentName({ type }: KindDefinition): string {
  return `${type.group === '' ? 'api' : 'apis'}/${apiVersionOf(type)}`;
}

function jsonAnswer(document: object): OpenApiAnswer {
  return answer(Buffer.from(JSON.stringify(document)), JSON_TYPE);
}

function answer(bytes: Uint8Array, contentType: string): OpenApiAnswer {
  return { bytes, contentType, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` };
}
