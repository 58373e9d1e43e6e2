// One HTTPS request as it stands, and what a refusal says: for tests of how the server treats callers that no client library
// would ever be.
import { readFileSync } from 'node:fs';
import { request, type Agent, type RequestOptions } from 'node:https';
import type { ApiServerProcess } from '../support/api-server.ts';

export interface Question {
  readonly method?: string;
  readonly path: string;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the administrator's token. */
  readonly anonymous?: boolean;
  readonly tls?: Pick<RequestOptions, 'cert' | 'key'>;
  /** Keeps connections; without one every question has its own. */
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body's fields when it is JSON, else none. */
  readonly json: Readonly<Record<string, unknown>>;
}

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';

export function ask(server: ApiServerProcess, question: Question): Promise<Answer> {
  const { method = 'GET', path, headers = {}, anonymous = false, tls = {} } = question;
  const body = bytesOf(question.body);
  const url = new URL(server.url);
  return new Promise((resolve, reject) => {
    const call = request({
      host: url.hostname,
      port: url.port,
      method,
      path,
      ca: readFileSync(server.caFile),
      agent: question.agent ?? false,
      ...tls,
      headers: {
        ...(!anonymous && { authorization: `Bearer ${server.token}` }),
        ...(typeof question.body === 'object' && { 'content-type': JSON_TYPE }),
        ...(body !== undefined && { 'content-length': String(body.length) }),
        ...headers,
      },
    });
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: fieldsOf(text) });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    // Events of a watch are several values.
    return {};
  }
}

/** `400 BadRequest: what is wrong`, of a Status; the kind of another object; else what came. */
export function said({ status, json, text }: Answer): string {
  const word = (name: string) => (typeof json[name] === 'string' ? json[name] : '');
  if (word('kind') === 'Status') return `${status} ${word('reason')}: ${word('message')}`;
  return `${status} ${word('kind') || text}`;
}
