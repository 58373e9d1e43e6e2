// A client's query, read from its bytes with every check that hostile bytes call for, and replies turned into bytes. Pure.
import { encode, RECURSION_AVAILABLE, AUTHORITATIVE_ANSWER, RECURSION_DESIRED, CHECKING_DISABLED } from 'dns-packet';
import type { Answer as PacketRecord } from 'dns-packet';
import { EDNS_BYTES, parseRaw, questionEndOf } from './raw-message.ts';
import type { DnsRecord, Question, ResponseCode } from './records.ts';

export interface Edns {
  /** The largest UDP answer that the client takes, bytes. */
  readonly size: number;
  readonly version: number;
  readonly dnssecOk: boolean;
}

export interface Query {
  readonly bytes: Buffer;
  readonly id: number;
  readonly flags: number;
  readonly question: Question;
  readonly questionEnd: number;
  readonly edns: Edns | undefined;
}

export type Parsed =
  | { readonly is: 'query'; readonly query: Query }
  /** Answered with this code at once. */
  | { readonly is: 'refused'; readonly reply: Buffer }
  /** Not worth an answer: too short, or itself an answer. */
  | { readonly is: 'nothing' };

export interface Reply {
  readonly code: ResponseCode | 'BADVERS';
  readonly authoritative?: boolean;
  readonly answers?: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

const CODES: Readonly<Record<Reply['code'], number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
};

const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  65: 'HTTPS',
  255: 'ANY',
};
const OPT_TYPE = 41;
const CLASS_IN = 1;
const CLASS_ANY = 255;
const HEADER_BYTES = 12;
/** Without EDNS (RFC 1035). */
const PLAIN_BYTES = 512;

export function parseQuery(bytes: Buffer): Parsed {
  if (bytes.length < HEADER_BYTES || (bytes.readUInt16BE(2) & 0x8000) !== 0) return { is: 'nothing' };
  if ((bytes.readUInt16BE(2) & 0x7800) !== 0) return refused(bytes, 'NOTIMP');
  const raw = parseRaw(bytes);
  const questionEnd = questionEndOf(bytes);
  if (raw === undefined || questionEnd === undefined || bytes.readUInt16BE(4) !== 1) return refused(bytes, 'FORMERR');
  const name = nameAt(bytes, questionEnd - 4);
  if (name === undefined) return refused(bytes, 'FORMERR');
  const classOf = bytes.readUInt16BE(questionEnd - 2);
  if (classOf !== CLASS_IN && classOf !== CLASS_ANY) return refused(bytes, 'REFUSED');
  const options = raw.records.filter(({ type }) => type === OPT_TYPE);
  const [opt] = options;
  if (options.length > 1) return refused(bytes, 'FORMERR');
  const type = bytes.readUInt16BE(questionEnd - 4);
  return {
    is: 'query',
    query: {
      bytes,
      id: bytes.readUInt16BE(0),
      flags: bytes.readUInt16BE(2),
      question: { name, type: TYPES[type] ?? `UNKNOWN_${type}` },
      questionEnd,
      edns:
        opt === undefined
          ? undefined
          : {
              size: bytes.readUInt16BE(opt.ttlOffset - 2),
              version: (opt.ttl >>> 16) & 0xff,
              dnssecOk: (opt.ttl & 0x8000) !== 0,
            },
    },
  };
}

/** The largest answer that this client takes over UDP, bytes. */
export function udpLimit({ edns }: Query): number {
  return edns === undefined ? PLAIN_BYTES : Math.min(Math.max(edns.size, PLAIN_BYTES), EDNS_BYTES);
}

export function encodeReply(query: Query, reply: Reply): Buffer {
  const code = CODES[reply.code];
  const option: PacketRecord[] =
    query.edns === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: EDNS_BYTES,
            extendedRcode: code >> 4,
            ednsVersion: 0,
            flags: query.edns.dnssecOk ? 0x8000 : 0,
            flag_do: query.edns.dnssecOk,
            options: [],
          },
        ];
  const encoded = encode({
    type: 'response',
    id: query.id,
    flags:
      RECURSION_AVAILABLE |
      (reply.authoritative === true ? AUTHORITATIVE_ANSWER : 0) |
      (query.flags & (RECURSION_DESIRED | CHECKING_DISABLED)) |
      (code & 0x0f),
    questions: [],
    answers: [...(reply.answers ?? [])],
    authorities: [...(reply.authorities ?? [])],
    additionals: [...(reply.additionals ?? []), ...option],
  });
  // The question goes back byte for byte: clients compare it.
  const header = Buffer.from(encoded.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, query.bytes.subarray(HEADER_BYTES, query.questionEnd), encoded.subarray(HEADER_BYTES)]);
}

function refused(bytes: Buffer, code: ResponseCode): Parsed {
  const reply = Buffer.alloc(HEADER_BYTES);
  bytes.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(0x8000 | (bytes.readUInt16BE(2) & 0x7900) | CODES[code], 2);
  return { is: 'refused', reply };
}

/** The name that ends before `end`, without compression (a question has nothing to point at), '' for the root. */
function nameAt(bytes: Buffer, end: number): string | undefined {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  while (offset < end - 1) {
    const length = bytes[offset] ?? 0;
    if (length === 0 || length >= 64) return undefined;
    const label = bytes.toString('latin1', offset + 1, offset + 1 + length);
    // A dot inside a label cannot be told from one between labels in the text form; nobody has such names.
    if (label.includes('.')) return undefined;
    labels.push(label);
    offset += length + 1;
  }
  return offset === end - 1 && offset - HEADER_BYTES < 255 ? labels.join('.') : undefined;
}
