// The DNS server's sockets on the loopback: UDP and TCP, several questions on one connection, answers too long for UDP, and
// an upstream that cuts its answers.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE, type Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { Forwarder } from '../../pkg/network/dns/forwarder.ts';
import { Resolver } from '../../pkg/network/dns/resolver.ts';
import { serveDns } from '../../pkg/network/dns/server.ts';
import { Zone } from '../../pkg/network/dns/zone.ts';
import { service } from './objects.ts';

const ADDRESS = '127.0.0.1';
const PORT = 16_653;
const UPSTREAM_PORT = 16_654;

const stop = new AbortController();
let serving: Promise<void>;
let upstream: { udp: UdpSocket; tcp: Server; asked: string[] };
const connections = new Set<Socket>();

const zone = new Zone();
zone.putNamespace('default');
zone.putService(service('web', { clusterIP: '10.96.0.1' }));
const resolver = new Resolver({
  forwarder: withUpstream(),
  random: () => 0,
  clock: realClock,
  view: () => ({ zone, domain: 'cluster.local', serial: 1, complete: true }),
});

function withUpstream(): Forwarder {
  const forwarder = new Forwarder({ clock: realClock });
  forwarder.setUpstreams([{ address: ADDRESS, port: UPSTREAM_PORT }]);
  return forwarder;
}

/** Knows every name; over UDP it cuts the answers of those that begin with "long". */
function upstreamAnswer(bytes: Buffer, transport: 'udp' | 'tcp'): Buffer {
  const { id = 0, questions = [] } = decode(bytes);
  const name = questions[0]?.name ?? '';
  upstream.asked.push(`${transport} ${name}`);
  const cut = transport === 'udp' && name.startsWith('long');
  const count = name.startsWith('long') ? 50 : 1;
  const answers = Array.from({ length: count }, (_, index) => ({
    type: 'A' as const,
    name,
    ttl: 60,
    data: `203.0.113.${index + 1}`,
  }));
  return Buffer.from(
    encode({ type: 'response', id, flags: cut ? TRUNCATED_RESPONSE : 0, questions, answers: cut ? [] : answers }),
  );
}

beforeAll(async () => {
  const udp = createSocket('udp4', (message, from) =>
    udp.send(upstreamAnswer(message, 'udp'), from.port, from.address),
  );
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('data', (data) => socket.write(framed(upstreamAnswer(data.subarray(2), 'tcp'))));
    socket.on('error', () => undefined);
  });
  upstream = { udp, tcp, asked: [] };
  await new Promise<void>((resolve) => udp.bind(UPSTREAM_PORT, ADDRESS, resolve));
  await new Promise<void>((resolve) => tcp.listen(UPSTREAM_PORT, ADDRESS, resolve));
  await new Promise<void>((resolve) => {
    serving = serveDns(
      { resolver, address: ADDRESS, port: PORT, clock: realClock, log: silentLogger, listening: resolve },
      stop.signal,
    );
  });
});

afterAll(async () => {
  stop.abort();
  await serving;
  for (const connection of connections) connection.destroy();
  upstream.udp.close();
  upstream.tcp.close();
});

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function query(id: number, name: string): Buffer {
  return Buffer.from(encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] }));
}

function overUdp(name: string): Promise<Packet> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4', (message) => {
      socket.close();
      resolve(decode(message));
    });
    socket.once('error', reject);
    socket.send(query(1, name), PORT, ADDRESS);
  });
}

/** All questions in one piece on one connection. */
function overTcp(...names: string[]): Promise<Packet[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ADDRESS, port: PORT });
    const replies: Packet[] = [];
    let received = Buffer.alloc(0);
    socket.once('error', reject);
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        replies.push(decode(received.subarray(2, end)));
        received = received.subarray(end);
      }
      if (replies.length < names.length) return;
      socket.destroy();
      resolve(replies);
    });
    socket.write(Buffer.concat(names.map((name, index) => framed(query(index + 1, name)))));
  });
}

describe('the DNS server', () => {
  test('answers for the cluster over UDP and TCP', async () => {
    const want = { answers: [{ type: 'A', data: '10.96.0.1' }], flag_aa: true };
    expect(await overUdp('web.default.svc.cluster.local')).toMatchObject(want);
    expect(await overTcp('web.default.svc.cluster.local')).toMatchObject([want]);
  });

  test('answers several questions of one connection, each with its own id', async () => {
    const replies = await overTcp('web.default.svc.cluster.local', 'one.example', 'none.default.svc.cluster.local');
    expect(new Map(replies.map((reply) => [reply.id, Reflect.get(reply, 'rcode')]))).toEqual(
      new Map([
        [1, 'NOERROR'],
        [2, 'NOERROR'],
        [3, 'NXDOMAIN'],
      ]),
    );
  });

  test('forwards other names and keeps the answer', async () => {
    expect(await overUdp('two.example')).toMatchObject({ answers: [{ data: '203.0.113.1', ttl: 60 }] });
    expect(await overUdp('TWO.example')).toMatchObject({
      questions: [{ name: 'TWO.example' }],
      answers: [{ data: '203.0.113.1' }],
    });
    expect(upstream.asked.filter((asked) => asked.includes('two.example'))).toEqual(['udp two.example']);
  });

  test('asks over TCP when the upstream cut its answer, and cuts it in turn for a client that takes no more', async () => {
    expect(await overUdp('long.example')).toMatchObject({ flag_tc: true, answers: [] });
    const [whole] = await overTcp('long.example');
    expect(whole?.answers).toHaveLength(50);
    expect(upstream.asked.filter((asked) => asked.includes('long.example'))).toEqual([
      'udp long.example',
      'tcp long.example',
    ]);
  });

  test('drops a connection that announces more than a question can be', async () => {
    const closed = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: ADDRESS, port: PORT }, () => socket.write(Buffer.from([0xff, 0xff, 0])));
      socket.once('close', () => resolve(true));
      socket.once('error', () => undefined);
    });
    expect(closed).toBe(true);
  });

  test('says so when its port is taken', async () => {
    const second = serveDns(
      { resolver, address: ADDRESS, port: PORT, clock: realClock, log: silentLogger, listening: () => undefined },
      stop.signal,
    );
    await expect(second).rejects.toThrow(`cannot answer DNS on ${ADDRESS}, port ${PORT}`);
  });
});
