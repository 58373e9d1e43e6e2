import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import type { Exchange } from './exchange.ts';
import { Forwarder } from './forwarder.ts';

const A = { address: '192.0.2.1', port: 53 };
const B = { address: '192.0.2.2', port: 53 };
const never = new AbortController().signal;

let clock: VirtualClock;
let asked: string[];
let replyOf: (address: string) => { flags?: number; ttl?: number } | 'silent';
let forwarder: Forwarder;

const exchange: Exchange = async (query, { address }, { timeoutMs }) => {
  asked.push(address);
  const reply = replyOf(address);
  if (reply === 'silent') {
    await clock.sleep(timeoutMs);
    return undefined;
  }
  const { id = 0, questions = [] } = decode(query);
  const name = questions[0]?.name ?? '';
  return Buffer.from(
    encode({
      type: 'response',
      id,
      flags: reply.flags ?? 0,
      questions,
      answers: reply.flags === undefined ? [{ type: 'A', name, ttl: reply.ttl ?? 300, data: '203.0.113.1' }] : [],
    }),
  );
};

beforeEach(() => {
  clock = new VirtualClock();
  asked = [];
  replyOf = () => ({});
  forwarder = new Forwarder({ clock, exchange });
  forwarder.setUpstreams([A, B]);
});

function query(name: string, id = 1): Buffer {
  return Buffer.from(encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] }));
}

/** Lets time pass until the answer is there. */
async function ask(
  name: string,
  id?: number,
): Promise<{ id: number; code: string; ttl: number | undefined } | undefined> {
  const answered: (Buffer | undefined)[] = [];
  void forwarder.ask(query(name, id), never).then((answer) => answered.push(answer));
  for (let step = 0; step < 100 && answered.length === 0; step++) await clock.advance(step === 0 ? 0 : 100);
  if (answered.length === 0) throw new Error('no answer within ten seconds');
  const [bytes] = answered;
  if (bytes === undefined) return undefined;
  const packet = decode(bytes);
  const [first] = packet.answers ?? [];
  return {
    id: packet.id ?? 0,
    code: String(Reflect.get(packet, 'rcode')),
    ttl: first !== undefined && 'ttl' in first ? first.ttl : undefined,
  };
}

test('asks the first server and keeps the answer, at most 30 seconds, with the time that is left', async () => {
  expect(await ask('a.example', 7)).toEqual({ id: 7, code: 'NOERROR', ttl: 300 });
  await clock.advance(20_000);
  expect(await ask('A.example', 8)).toEqual({ id: 8, code: 'NOERROR', ttl: 280 });
  expect(asked).toEqual([A.address]);
  await clock.advance(10_000);
  await ask('a.example');
  expect(asked).toHaveLength(2);
});

test('keeps an answer no longer than it lives', async () => {
  replyOf = () => ({ ttl: 3 });
  await ask('a.example');
  await clock.advance(3_000);
  await ask('a.example');
  expect(asked).toHaveLength(2);
});

test('turns to the next server when one is silent, and remembers the silent one', async () => {
  replyOf = (address) => (address === A.address ? 'silent' : {});
  for (const name of ['a', 'b', 'c', 'd']) expect(await ask(name)).toMatchObject({ code: 'NOERROR' });
  // After two misses the silent one is no longer asked first.
  expect(asked).toEqual([A.address, B.address, A.address, B.address, B.address, B.address]);
});

test('turns to the next server when one fails, and hands on the failure when all do', async () => {
  replyOf = (address) => (address === A.address ? { flags: 2 } : {});
  expect(await ask('a')).toMatchObject({ code: 'NOERROR' });
  replyOf = () => ({ flags: 2 });
  expect(await ask('b')).toMatchObject({ code: 'SERVFAIL' });
  const before = asked.length;
  await ask('b');
  expect(asked.length).toBeGreaterThan(before);
});

test('gives up within five seconds when all are silent, and within one when they were so before', async () => {
  replyOf = () => 'silent';
  const started = clock.now();
  expect(await ask('a')).toBeUndefined();
  expect(clock.now() - started).toBeLessThanOrEqual(5_000);
  await ask('b');
  const again = clock.now();
  expect(await ask('c')).toBeUndefined();
  expect(clock.now() - again).toBeLessThanOrEqual(1_100);
});

test('asks equal questions of one moment once', async () => {
  const both = Promise.all([forwarder.ask(query('a', 1), never), forwarder.ask(query('a', 2), never)]);
  await clock.advance(10);
  expect((await both).map((bytes) => bytes?.readUInt16BE(0))).toEqual([1, 2]);
  expect(asked).toHaveLength(1);
});

test('has no answer when there is nobody to ask', async () => {
  forwarder.setUpstreams([]);
  expect(await ask('a')).toBeUndefined();
});
