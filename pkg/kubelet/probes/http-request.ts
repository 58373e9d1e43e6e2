// One GET as probes and hooks make it: a connection of its own, certificates not checked, redirects to the same host followed.
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';

export interface HttpTarget {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly userAgent: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Its beginning. */
  readonly body: string;
  /** A redirect that leads to another host, which is not followed. */
  readonly redirectsElsewhere: boolean;
}

const MOST_BODY_BYTES = 10 * 1024;
const MOST_REDIRECTS = 10;

export function urlOf({ scheme, host, port, path }: HttpTarget): URL {
  const shown = host.includes(':') ? `[${host}]` : host;
  return new URL(path.startsWith('/') ? path : `/${path}`, `${scheme.toLowerCase()}://${shown}:${port}`);
}

/** Rejects when no answer is had. */
export async function httpRequest(target: HttpTarget, signal: AbortSignal): Promise<HttpAnswer> {
  let url = urlOf(target);
  for (let redirects = 0; ; redirects++) {
    const answer = await get(url, target, signal);
    const location = answer.headers.location;
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400 && location !== undefined && redirects < MOST_REDIRECTS) {
      const next = new URL(location, url);
      if (next.hostname !== url.hostname) {
        answer.destroy();
        return { status, body: '', redirectsElsewhere: true };
      }
      answer.destroy();
      url = next;
      continue;
    }
    return { status, body: await startOf(answer), redirectsElsewhere: false };
  }
}

function get(url: URL, target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const headers: Record<string, string | string[]> = { 'user-agent': target.userAgent, accept: '*/*' };
  for (const { name, value } of target.headers) {
    const key = name.toLowerCase();
    const before = headers[key];
    if (value === '') delete headers[key];
    else if (before === undefined || key === 'user-agent' || key === 'accept' || key === 'host') headers[key] = value;
    else headers[key] = [before, value].flat();
  }
  return new Promise((resolve, reject) => {
    const options = { method: 'GET', headers, signal, agent: false as const };
    const call =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, rejectUnauthorized: false })
        : plainRequest(url, options);
    call.once('response', resolve);
    call.once('error', reject);
    call.end();
  });
}

async function startOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size >= MOST_BODY_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, MOST_BODY_BYTES).toString();
}
