// Creates objects, each connection one after another, and counts how many get through per second once everything is warm.
import { percentile } from '../benchmark.ts';
import { Connection } from './connection.ts';
import type { Order, Report } from './order.ts';

export async function create(order: Extract<Order, { do: 'create' }>): Promise<Report> {
  const { endpoint, path, template, count, concurrency, warmUp = 0, prefix } = order;
  const connections = await Promise.all(Array.from({ length: concurrency }, () => Connection.open(endpoint)));
  const times: number[] = [];
  let next = 0;
  let bytes = 0;
  const createUpTo = (end: number) =>
    Promise.all(
      connections.map(async (connection) => {
        while (next < end) {
          const name = `${prefix}-${next++}`;
          const began = performance.now();
          const { status, body } = await connection.send('POST', path, template.replaceAll('@NAME@', name));
          if (status !== 201) throw new Error(`create ${name}: ${status} ${body.toString('utf8', 0, 500)}`);
          times.push(performance.now() - began);
          bytes += body.length;
        }
      }),
    );
  await createUpTo(warmUp);
  times.length = 0;
  bytes = 0;
  const start = performance.now();
  await createUpTo(warmUp + count);
  const seconds = (performance.now() - start) / 1000;
  for (const connection of connections) connection[Symbol.dispose]();
  times.sort((a, b) => a - b);
  return { perSecond: count / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99), bytes };
}
