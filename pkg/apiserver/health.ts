// `/livez`, `/readyz` and `/healthz` with their single checks. Form of the answers: k8s.io/apiserver/pkg/server/healthz.
import type { HealthSlis } from '../metrics/health-slis.ts';
import { textResponse } from './encoded.ts';
import type { ApiResponse } from './request.ts';

export interface HealthCheck {
  readonly name: string;
  /** Endpoints that it counts for. */
  readonly endpoints: readonly HealthEndpoint[];
  /** Rejects, or answers with a sentence, when something is wrong. */
  check(): Promise<string | undefined> | string | undefined;
}

export type HealthEndpoint = 'livez' | 'readyz' | 'healthz';

/** Undefined for a path that is no health check. */
export async function answerHealth(
  path: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
  slis?: HealthSlis,
): Promise<ApiResponse | undefined> {
  const [, first = '', ...rest] = path.split('/');
  if (!isEndpoint(first)) return undefined;
  const counting = checks.filter(({ endpoints }) => endpoints.includes(first));
  const single = rest.join('/');
  if (single === '') return answerAll(first, query, counting, slis);
  const check = counting.find(({ name }) => name === single);
  if (check === undefined) return textResponse(404, '404 page not found\n');
  const fault = await faultOf(check);
  slis?.observed(check.name, first, fault === undefined);
  return fault === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${fault}\n`);
}

async function answerAll(
  endpoint: HealthEndpoint,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
  slis: HealthSlis | undefined,
): Promise<ApiResponse> {
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const fault = await faultOf(check);
    slis?.observed(check.name, endpoint, fault === undefined);
    if (fault !== undefined) failed = true;
    lines.push(fault === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) return textResponse(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  return textResponse(200, query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok');
}

async function faultOf(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check.check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isEndpoint(text: string): text is HealthEndpoint {
  return text === 'livez' || text === 'readyz' || text === 'healthz';
}
