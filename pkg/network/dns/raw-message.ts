// DNS messages as bytes, for what is forwarded: an upstream's answer goes to the client as it came, whatever record types
// it holds, with only its id, the spelling of its question and its remaining lifetimes changed. Pure. Layout: RFC 1035.

const HEADER_BYTES = 12;
const OPT_TYPE = 41;
const SOA_TYPE = 6;

export interface RawRecord {
  readonly section: 'answer' | 'authority' | 'additional';
  readonly type: number;
  readonly ttl: number;
  /** Where the four bytes of its TTL stand. */
  readonly ttlOffset: number;
  /** Last four bytes of a SOA: how long a "no" may be kept. */
  readonly minimum: number;
}

export interface RawMessage {
  readonly code: number;
  readonly truncated: boolean;
  /** End of the question section. */
  readonly questionEnd: number;
  readonly records: readonly RawRecord[];
}

/** Undefined when it is cut short or otherwise not a DNS message. */
export function parseRaw(bytes: Buffer): RawMessage | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt16BE(2);
  let offset = HEADER_BYTES;
  for (let question = 0; question < bytes.readUInt16BE(4); question++) {
    const end = skipName(bytes, offset);
    if (end === undefined || end + 4 > bytes.length) return undefined;
    offset = end + 4;
  }
  const questionEnd = offset;
  const records: RawRecord[] = [];
  for (const [section, at] of [
    ['answer', 6],
    ['authority', 8],
    ['additional', 10],
  ] as const) {
    for (let index = 0; index < bytes.readUInt16BE(at); index++) {
      const name = skipName(bytes, offset);
      if (name === undefined || name + 10 > bytes.length) return undefined;
      const end = name + 10 + bytes.readUInt16BE(name + 8);
      if (end > bytes.length) return undefined;
      const type = bytes.readUInt16BE(name);
      records.push({
        section,
        type,
        ttl: bytes.readUInt32BE(name + 4),
        ttlOffset: name + 4,
        minimum: type === SOA_TYPE && end - name >= 14 ? bytes.readUInt32BE(end - 4) : 0,
      });
      offset = end;
    }
  }
  return { code: flags & 0x0f, truncated: (flags & 0x0200) !== 0, questionEnd, records };
}

/** Seconds for which an answer may be kept; 0: not at all. Only answers and definite "no"s are kept. */
export function lifetimeOf({ code, truncated, records }: RawMessage): number {
  if (truncated || (code !== 0 && code !== 3)) return 0;
  const answers = records.filter(({ section }) => section === 'answer');
  if (code === 0 && answers.length > 0) return Math.min(...answers.map(({ ttl }) => ttl));
  const soa = records.find(({ section, type }) => section === 'authority' && type === SOA_TYPE);
  return soa === undefined ? 0 : Math.min(soa.ttl, soa.minimum);
}

/** A copy for one client: its id, its question as it spelled it, lifetimes `age` seconds shorter. */
export function forClient(bytes: Buffer, message: RawMessage, query: Buffer, age: number): Buffer {
  const copy = Buffer.from(bytes);
  query.copy(copy, 0, 0, 2);
  query.copy(copy, HEADER_BYTES, HEADER_BYTES, message.questionEnd);
  for (const { type, ttl, ttlOffset } of message.records)
    if (type !== OPT_TYPE) copy.writeUInt32BE(Math.max(0, ttl - age), ttlOffset);
  return copy;
}

/** The size that passes every path unfragmented (DNS flag day 2020). */
export const EDNS_BYTES = 1232;

/**
 * A client's question as we ask it ourselves: recursion desired, checking disabled and DNSSEC OK as the client has them,
 * and nothing else of its options (cookies, subnets), so that the answer serves every client with the same question.
 */
export function upstreamQuery(query: Buffer, questionEnd: number, id: number): Buffer {
  const opt = parseRaw(query)?.records.find(({ type }) => type === OPT_TYPE);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(query.readUInt16BE(2) & 0x0110, 2);
  header.writeUInt16BE(1, 4);
  const question = query.subarray(HEADER_BYTES, questionEnd);
  if (opt === undefined) return Buffer.concat([header, question]);
  header.writeUInt16BE(1, 10);
  const option = Buffer.alloc(11);
  option.writeUInt16BE(OPT_TYPE, 1);
  option.writeUInt16BE(EDNS_BYTES, 3);
  option.writeUInt32BE(opt.ttl & 0x8000, 5);
  return Buffer.concat([header, question, option]);
}

/** Only header and question, marked as cut, for a client that can take no more over UDP. */
export function truncate(bytes: Buffer, questionEnd: number): Buffer {
  const copy = Buffer.from(bytes.subarray(0, questionEnd));
  copy.writeUInt16BE(copy.readUInt16BE(2) | 0x0200, 2);
  copy.fill(0, 6, HEADER_BYTES);
  return copy;
}

/** Whether `bytes` is an answer to `query`: same id, same question, whatever its upper and lower case. */
export function answers(bytes: Buffer, query: Buffer): boolean {
  if (bytes.length < HEADER_BYTES || query.length < HEADER_BYTES) return false;
  if (bytes.readUInt16BE(0) !== query.readUInt16BE(0) || (bytes.readUInt16BE(2) & 0x8000) === 0) return false;
  // A server that understands nothing may leave the question out.
  if (bytes.readUInt16BE(4) === 0) return (bytes.readUInt16BE(2) & 0x0f) !== 0;
  const end = questionEndOf(query);
  if (end === undefined || bytes.length < end) return false;
  return lowerCase(bytes.subarray(HEADER_BYTES, end)).equals(lowerCase(query.subarray(HEADER_BYTES, end)));
}

/** End of the first question; undefined when there is none. */
export function questionEndOf(bytes: Buffer): number | undefined {
  const end = bytes.length < HEADER_BYTES ? undefined : skipName(bytes, HEADER_BYTES);
  return end === undefined || end + 4 > bytes.length ? undefined : end + 4;
}

function skipName(bytes: Buffer, start: number): number | undefined {
  let offset = start;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) return undefined;
    if (length === 0) return offset + 1;
    if (length >= 0xc0) return offset + 2 <= bytes.length ? offset + 2 : undefined;
    offset += length + 1;
  }
}

function lowerCase(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)));
}
