// The head of a plain request: one that nearly every client sends, in HTTP/1.1's simplest form, with a body of known length or
// none. Says nothing about anything else (older versions, chunked bodies, upgrades, odd bytes, what contradicts itself): that is
// for a whole parser to judge.

export interface PlainHead {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** Names in lower case; none came twice. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
}

const REQUEST_LINE = /^(GET|POST|PUT|PATCH|DELETE) (\/[!-~]*) HTTP\/1\.1$/;
/** A value ends with something that is seen. */
const FIELD = /^([\w!#$%&'*+.^`|~-]+):[\t ]*((?:[\t\u0020-\u007e\u0080-\u00ff]*[\u0021-\u007e\u0080-\u00ff])?)$/;
const LENGTH = /^\d{1,9}$/;
const MOST_FIELDS = 64;
/** Fields that ask for more than reading a request and answering it. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

interface Fields {
  readonly headers: Readonly<Record<string, string>>;
  readonly length: number;
}

/** Reads the heads of one connection, whose fields are mostly the same each time. */
export class PlainHeadReader {
  #text = '';
  #fields: Fields | undefined;

  /** `text` is what stands before the empty line. Undefined: not plain. */
  read(text: string): PlainHead | undefined {
    const end = text.indexOf('\r\n');
    const line = REQUEST_LINE.exec(text.slice(0, Math.max(end, 0)));
    if (line === null) return undefined;
    const fields = this.#fieldsOf(text.slice(end + 2));
    const [, method = '', target = ''] = line;
    if (fields === undefined || (method === 'GET' && fields.length > 0)) return undefined;
    return { method, target, headers: fields.headers, length: fields.length };
  }

  #fieldsOf(text: string): Fields | undefined {
    if (this.#fields !== undefined && text === this.#text) return this.#fields;
    this.#fields = fieldsOf(text);
    this.#text = text;
    return this.#fields;
  }
}

function fieldsOf(text: string): Fields | undefined {
  const lines = text.split('\r\n');
  if (lines.length > MOST_FIELDS) return undefined;
  // Without a prototype: a field may be called anything.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const match = FIELD.exec(line);
    if (match === null) return undefined;
    const [, given = '', value = ''] = match;
    const name = given.toLowerCase();
    if (NOT_PLAIN.has(name) || headers[name] !== undefined) return undefined;
    headers[name] = value;
  }
  const { host, connection = 'keep-alive', 'content-length': length = '0' } = headers;
  if (host === undefined || connection.toLowerCase() !== 'keep-alive' || !LENGTH.test(length)) return undefined;
  return { headers, length: Number(length) };
}
