import { decode, encode, RECURSION_DESIRED, type Packet } from 'dns-packet';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeReply, parseQuery, udpLimit, type Query } from './query.ts';
import { answers, forClient, lifetimeOf, parseRaw, truncate, upstreamQuery } from './raw-message.ts';

function bytesOf(packet: Packet): Buffer {
  return Buffer.from(encode({ type: 'query', id: 1, flags: RECURSION_DESIRED, ...packet }));
}
const plain = bytesOf({ questions: [{ type: 'A', name: 'Web.example' }] });
const withEdns = (size: number, version = 0) =>
  bytesOf({
    questions: [{ type: 'A', name: 'web.example' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: size,
        extendedRcode: 0,
        ednsVersion: version,
        flags: 0x8000,
        flag_do: true,
        options: [],
      },
    ],
  });

function read(bytes: Buffer): Query {
  const parsed = parseQuery(bytes);
  if (parsed.is !== 'query') throw new Error(`it is ${parsed.is}`);
  return parsed.query;
}

describe('a query', () => {
  test('is read as it was asked', () => {
    expect(read(plain)).toMatchObject({ id: 1, question: { name: 'Web.example', type: 'A' }, edns: undefined });
    expect(read(withEdns(4096))).toMatchObject({ edns: { size: 4096, version: 0, dnssecOk: true } });
    expect(read(bytesOf({ questions: [{ type: 'NS', name: '.' }] })).question).toEqual({ name: '', type: 'NS' });
  });

  test.each([
    { name: 'no EDNS', bytes: plain, limit: 512 },
    { name: 'a small size', bytes: withEdns(100), limit: 512 },
    { name: 'a middle size', bytes: withEdns(800), limit: 800 },
    { name: 'a size that would be fragmented', bytes: withEdns(4096), limit: 1232 },
  ])('limits UDP answers for $name', ({ bytes, limit }) => {
    expect(udpLimit(read(bytes))).toBe(limit);
  });

  test.each([
    {
      name: 'two questions',
      bytes: bytesOf({
        questions: [
          { type: 'A', name: 'a' },
          { type: 'A', name: 'b' },
        ],
      }),
      code: 1,
    },
    { name: 'no question', bytes: bytesOf({ questions: [] }), code: 1 },
    { name: 'a cut question', bytes: plain.subarray(0, plain.length - 3), code: 1 },
    { name: 'an UPDATE', bytes: withFlags(plain, 0x2800), code: 4 },
    { name: 'the CHAOS class', bytes: withClass(plain, 3), code: 5 },
    {
      name: 'a pointer in the question',
      bytes: Buffer.concat([plain.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
      code: 1,
    },
  ])('with $name is refused with code $code', ({ bytes, code }) => {
    const parsed = parseQuery(bytes);
    expect(parsed.is === 'refused' && parsed.reply.readUInt16BE(2) & 0x800f).toBe(0x8000 | code);
  });

  test('that is an answer or too short gets none', () => {
    expect(parseQuery(withFlags(plain, 0x8000)).is).toBe('nothing');
    expect(parseQuery(Buffer.alloc(11)).is).toBe('nothing');
  });

  test('of any bytes whatsoever is never answered by an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        parseQuery(buffer);
        parseRaw(buffer);
        answers(buffer, plain);
      }),
    );
  });
});

describe('a reply', () => {
  test('repeats the question byte for byte and carries what it should', () => {
    const reply = encodeReply(read(plain), {
      code: 'NOERROR',
      authoritative: true,
      answers: [{ type: 'A', name: 'Web.example', ttl: 5, data: '10.0.0.1' }],
    });
    expect(reply.subarray(12, plain.length)).toEqual(plain.subarray(12));
    expect(decode(reply)).toMatchObject({ id: 1, flag_aa: true, flag_ra: true, flag_rd: true, rcode: 'NOERROR' });
    expect(decode(reply).answers).toMatchObject([{ type: 'A', name: 'Web.example', data: '10.0.0.1' }]);
    expect(decode(reply).additionals).toEqual([]);
  });

  test('to EDNS has EDNS, and refuses a version that does not exist', () => {
    expect(decode(encodeReply(read(withEdns(1232)), { code: 'NOERROR' })).additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1232, flag_do: true },
    ]);
    const badVersion = decode(encodeReply(read(withEdns(1232, 1)), { code: 'BADVERS' }));
    expect(badVersion.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1 }]);
  });
});

describe('an answer from upstream', () => {
  const upstream = bytesOf({
    type: 'response',
    id: 9,
    questions: [{ type: 'A', name: 'web.example' }],
    answers: [
      { type: 'CNAME', name: 'web.example', ttl: 300, data: 'x.example' },
      { type: 'A', name: 'x.example', ttl: 60, data: '192.0.2.7' },
    ],
  });
  const raw = parseRaw(upstream);

  test('is known by id and question, whatever its case', () => {
    const query = Buffer.from(plain);
    query.writeUInt16BE(9, 0);
    expect(answers(upstream, query)).toBe(true);
    expect(answers(upstream, plain)).toBe(false);
    const other = bytesOf({ id: 9, questions: [{ type: 'A', name: 'web.examplf' }] });
    expect(answers(upstream, other)).toBe(false);
  });

  test('lives as long as its shortest record', () => {
    expect(raw === undefined ? 0 : lifetimeOf(raw)).toBe(60);
  });

  test('that says no lives as long as SOA allows, and not at all without one', () => {
    const soa = { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 20 };
    const no = (authorities: Packet['authorities']) => {
      const parsed = parseRaw(
        bytesOf({ type: 'response', flags: 3, questions: [{ type: 'A', name: 'n' }], authorities }),
      );
      return parsed === undefined ? undefined : lifetimeOf(parsed);
    };
    expect(no([{ type: 'SOA', name: 'example', ttl: 100, data: soa }])).toBe(20);
    expect(no([{ type: 'SOA', name: 'example', ttl: 10, data: soa }])).toBe(10);
    expect(no([])).toBe(0);
  });

  test('is handed to a client with its id, its spelling and what is left of its life', () => {
    if (raw === undefined) throw new Error('unreadable');
    const handed = forClient(upstream, raw, plain, 50);
    expect(decode(handed)).toMatchObject({
      id: 1,
      questions: [{ name: 'Web.example' }],
      answers: [{ ttl: 250 }, { ttl: 10 }],
    });
  });

  test('too long for UDP is cut to its question', () => {
    if (raw === undefined) throw new Error('unreadable');
    expect(decode(truncate(upstream, raw.questionEnd))).toMatchObject({
      flag_tc: true,
      answers: [],
      questions: [{ name: 'web.example' }],
    });
  });
});

test('a question asked upstream carries nothing of the client but the question and DNSSEC OK', () => {
  const query = read(withEdns(4096));
  const asked = decode(upstreamQuery(query.bytes, query.questionEnd, 77));
  expect(asked).toMatchObject({ id: 77, flag_rd: true, questions: [{ name: 'web.example', type: 'A' }] });
  expect(asked.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232, flag_do: true, options: [] }]);
  const bare = read(plain);
  expect(decode(upstreamQuery(bare.bytes, bare.questionEnd, 77)).additionals).toEqual([]);
});

function withFlags(bytes: Buffer, flags: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(flags, 2);
  return copy;
}

function withClass(bytes: Buffer, number: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(number, bytes.length - 2);
  return copy;
}
