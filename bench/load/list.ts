// Lists a collection a number of times, one after another, reading every byte.
import { percentile } from '../benchmark.ts';
import { Connection } from './connection.ts';
import type { Order, Report } from './order.ts';

export async function list({ endpoint, path, times: rounds }: Extract<Order, { do: 'list' }>): Promise<Report> {
  using connection = await Connection.open(endpoint);
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const { status, body } = await connection.send('GET', path);
    times.push(performance.now() - began);
    if (status !== 200) throw new Error(`list ${path}: ${status}`);
    bytes = body.length;
  }
  times.sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  return { perSecond: (1000 * rounds) / total, p50: percentile(times, 0.5), p99: percentile(times, 0.99), bytes };
}
