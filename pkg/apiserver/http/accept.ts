// Content negotiation as Kubernetes does it: JSON or YAML, an object as it is, as a Table or as its metadata only
// (`application/json;as=Table;g=meta.k8s.io;v=v1`). Answers are remembered per header, of which clients use few.
import { notAcceptable } from '../http-errors.ts';

export type MetaVersion = 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';

export interface Negotiated {
  readonly format: 'json' | 'yaml';
  readonly as: 'object' | 'table' | 'metadata';
  /** Of the table or the metadata: older clients ask for v1beta1. */
  readonly metaVersion: MetaVersion;
}

/** What Kubernetes names in its refusals; protobuf is left out, as it is not served. */
export const SERVED_TYPES: readonly string[] = ['application/json', 'application/yaml'];
const PLAIN_JSON: Negotiated = { format: 'json', as: 'object', metaVersion: 'meta.k8s.io/v1' };
const REMEMBERED = 256;

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const remembered = new Map<string, Negotiated | undefined>();

/** What the body is: one object, a collection, or something that no table shows. */
export type Asked = 'object' | 'list' | 'untabular';

/** A list's metadata are asked for by `as=PartialObjectMetadataList`. Throws 406. */
export function negotiate(accept: string | undefined, asked: Asked): Negotiated {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return PLAIN_JSON;
  const key = `${asked} ${accept}`;
  let found = remembered.get(key);
  if (found === undefined && !remembered.has(key)) {
    found = parseAccept(accept)
      .map((clause) => representationOf(clause, asked))
      .find((representation) => representation !== undefined);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(key, found);
  }
  if (found === undefined) throw notAcceptable(SERVED_TYPES);
  return found;
}

/** Best first; equal ones in the order of the header. */
export function parseAccept(accept: string): Clause[] {
  return accept
    .split(',')
    .map((text) => parseClause(text.trim()))
    .filter((clause) => clause !== undefined)
    .sort((a, b) => b.quality - a.quality);
}

function parseClause(text: string): Clause | undefined {
  const [media = '', ...rest] = text.split(';');
  const [type = '', subtype = ''] = media.trim().toLowerCase().split('/');
  if (type === '') return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals > 0) parameters.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const quality = Number(parameters.get('q') ?? '1');
  return { type, subtype: subtype === '' ? '*' : subtype, parameters, quality: Number.isNaN(quality) ? 0 : quality };
}

function representationOf({ type, subtype, parameters }: Clause, asked: Asked): Negotiated | undefined {
  const format = formatOf(type, subtype);
  const as = shapeOf(parameters, asked);
  const metaVersion = parameters.get('v') === 'v1beta1' ? 'meta.k8s.io/v1beta1' : 'meta.k8s.io/v1';
  return format === undefined || as === undefined ? undefined : { format, as, metaVersion };
}

function formatOf(type: string, subtype: string): 'json' | 'yaml' | undefined {
  if (type === '*' && subtype === '*') return 'json';
  if (type !== 'application') return undefined;
  if (subtype === 'json' || subtype === '*') return 'json';
  return subtype === 'yaml' ? 'yaml' : undefined;
}

function shapeOf(parameters: ReadonlyMap<string, string>, asked: Asked): Negotiated['as'] | undefined {
  const as = parameters.get('as');
  if (as === undefined) return 'object';
  if (parameters.get('g') !== 'meta.k8s.io') return undefined;
  const version = parameters.get('v');
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  if (as === 'Table') return asked === 'untabular' ? undefined : 'table';
  return as === (asked === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata') ? 'metadata' : undefined;
}
