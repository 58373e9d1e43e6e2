// The `continue` token of a paged list: which revision the pages show and the last key that was given out. Form and texts:
// k8s.io/apiserver/pkg/storage/continue.go.
import { readJson } from '../../api/schema/decode-json.ts';
import { jsonKind } from '../../api/schema/decode-scalars.ts';
import { badRequest } from '../http-errors.ts';
import { ApiError } from '../../api/meta/status.ts';
import type { Revision } from '../../storage/store.ts';

/** Goes on with whatever there is now instead of the state of the first page. */
export const ANY_REVISION = -1;

export interface ContinueToken {
  readonly revision: Revision;
  /** Below the resource's prefix: `namespace/name` or `name`. */
  readonly after: string;
}

const VERSION = 'meta.k8s.io/v1';

export function encodeContinue({ revision, after }: ContinueToken): string {
  // Kubernetes' `start` is the first key that may come: the last one with a zero byte behind it.
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${after}\0` })).toString('base64url');
}

/** Throws 400 for what this server (or Kubernetes) cannot have given out. */
export function decodeContinue(token: string): ContinueToken {
  const { v, rv, start } = parse(token);
  if (v !== VERSION) throw invalid(`server does not recognize this encoded version: ${JSON.stringify(v)}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw invalid(`incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== 'string' || start === '') throw invalid(`encoded start key empty (version ${VERSION})`);
  if (start.startsWith('/') || start.includes('../')) throw invalid(`encoded start key not valid: ${start}`);
  return { revision: rv, after: start.endsWith('\0') ? start.slice(0, -1) : start };
}

function parse(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  const wrong = token.search(/[^A-Za-z0-9_-]/);
  if (wrong >= 0) throw invalid(`illegal base64 data at input byte ${wrong}`);
  const reading = readJson(Buffer.from(token, 'base64url').toString('utf8'));
  if (!reading.ok) throw invalid(reading.message);
  const { value } = reading;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  if (value === null) return {};
  throw invalid(`json: cannot unmarshal ${jsonKind(value)} into Go value of type storage.continueToken`);
}

function invalid(why: string): ApiError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}

/** The state that the token names is gone. `next` goes on with what there is now, at the price of consistency. */
export function expiredContinue(next: string): ApiError {
  const error = new ApiError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  Object.assign(error.status.metadata, { continue: next });
  return error;
}

export function expiredRevision(): ApiError {
  return new ApiError('Expired', 'The resourceVersion for the provided list is too old.');
}
