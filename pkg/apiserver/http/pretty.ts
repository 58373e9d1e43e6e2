// JSON for people: indented when the query, the Accept header or a client that people use by hand asks for it. Rules:
// isPrettyPrint in k8s.io/apiserver/pkg/endpoints/handlers/negotiation.
import { EncodedBytes } from '../encoded.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const BY_HAND = /^(curl|Wget|Mozilla\/5\.0)/;
const ASKED = /;\s*pretty=1\s*(;|,|$)/;

export function wantsPretty({ query, headers }: Pick<ApiRequest, 'query' | 'headers'>): boolean {
  if (headers['accept'] !== undefined && ASKED.test(headers['accept'])) return true;
  const asked = query.size > 0 ? (query.get('pretty') ?? '') : '';
  return asked === '' ? BY_HAND.test(headers['user-agent'] ?? '') : TRUE.has(asked);
}

/** The answer indented if it is an object in JSON, else as it is. */
export function indented(response: ApiResponse): ApiResponse {
  if (response.form !== 'object' || !response.contentType.startsWith('application/json')) return response;
  if (response.body instanceof EncodedBytes) return response;
  const bytes = Buffer.from(JSON.stringify(response.body.value, undefined, 2));
  return { ...response, body: new EncodedBytes(bytes) };
}
