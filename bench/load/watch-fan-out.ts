// Many watchers of one collection and a few writers: how many events arrive per second in all, and how long one takes from
// before its write to each watcher. Writers put the time into the object; watchers find it in the event.
import { percentile } from '../benchmark.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.ts';
import type { Order, Report } from './order.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const MARK = Buffer.from('"sentAt":"');
const NOTHING = Buffer.alloc(0);
const LINE_END = 0x0a;
const GIVE_UP_MS = 60_000;

export async function watchFanOut(order: Extract<Order, { do: 'watch-fan-out' }>): Promise<Report> {
  const { endpoint, watchers, writers, writes, warmUp, everyMs } = order;
  const delays: number[] = [];
  let bytes = 0;
  let last = 0;
  let awaited = { events: 0, all: Promise.withResolvers<void>() };
  const from = await currentRevision(order);
  const streams: Connection[] = [];
  for (let index = 0; index < watchers; index++) {
    const stream = await Connection.open(endpoint);
    streams.push(stream);
    let rest: Buffer = NOTHING;
    stream.stream(`${PATH}?watch=1&resourceVersion=${from}&timeoutSeconds=600`, (part) => {
      const now = performance.now();
      bytes += part.length;
      const data = rest.length === 0 ? part : Buffer.concat([rest, part]);
      let at = data.indexOf(MARK);
      let end = 0;
      while (at >= 0) {
        const close = data.indexOf('"', at + MARK.length);
        if (close < 0) break;
        delays.push(now - Number(data.toString('latin1', at + MARK.length, close)));
        end = close;
        at = data.indexOf(MARK, close);
      }
      // What may hold the beginning of a mark or of a time is looked at again with the next part; no event goes on behind a
      // line's end.
      const whole = at < 0 && data.at(-1) === LINE_END;
      rest = whole ? NOTHING : Buffer.from(data.subarray(at >= 0 ? at : Math.max(end, data.length - MARK.length)));
      last = now;
      if (delays.length >= awaited.events) awaited.all.resolve();
    });
  }
  await pause(500); // the watches are established before the first write
  const connections = await Promise.all(Array.from({ length: writers }, () => Connection.open(endpoint)));
  let next = 0;
  const writeUpTo = async (end: number) => {
    awaited = { events: (end - next) * watchers, all: Promise.withResolvers<void>() };
    delays.length = 0;
    bytes = 0;
    await Promise.all(
      connections.map(async (connection) => {
        while (next < end) {
          const name = `watched-${Math.round(performance.timeOrigin)}-${next++}`;
          const data = { sentAt: String(performance.now()), filler: 'x'.repeat(200) };
          const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
          const { status } = await connection.send('POST', PATH, JSON.stringify(object));
          if (status !== 201) throw new Error(`create ${name}: ${status}`);
          if (everyMs > 0) await pause(everyMs);
        }
      }),
    );
    await Promise.race([awaited.all.promise, pause(GIVE_UP_MS, undefined, { ref: false })]);
    if (delays.length < awaited.events) throw new Error(`${delays.length} of ${awaited.events} events arrived`);
  };
  await writeUpTo(warmUp);
  const start = performance.now();
  await writeUpTo(warmUp + writes);
  for (const connection of [...streams, ...connections]) connection[Symbol.dispose]();
  delays.sort((a, b) => a - b);
  const perSecond = delays.length / ((last - start) / 1000);
  return { perSecond, p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), bytes };
}

async function currentRevision({ endpoint }: Extract<Order, { do: 'watch-fan-out' }>): Promise<string> {
  using connection = await Connection.open(endpoint);
  const { body } = await connection.send('GET', `${PATH}?limit=1`);
  return /"resourceVersion":"(\d+)"/.exec(body.toString('utf8'))?.[1] ?? '0';
}
