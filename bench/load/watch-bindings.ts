// Watches pods until so many have a node, and says how many were bound per second, from the first to the last.
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.ts';
import type { Order, Report } from './order.ts';

const PATH = '/api/v1/pods';
/** In an event of type MODIFIED whose pod has just got its node; later events of the same pod are told apart by name. */
const EVENT = /"type":"MODIFIED".*?"name":"([^"]+)".*?"nodeName":"[^"]+"/;

export async function watchBindings(order: Extract<Order, { do: 'watch-bindings' }>): Promise<Report> {
  const { endpoint, pods, withinMs } = order;
  using stream = await Connection.open(endpoint);
  const bound = new Set<string>();
  const done = Promise.withResolvers<void>();
  let [first, last, bytes, rest] = [0, 0, 0, ''];
  stream.stream(`${PATH}?watch=1&timeoutSeconds=600`, (part) => {
    bytes += part.length;
    const lines = `${rest}${part.toString('latin1')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const name = line.includes('"nodeName"') ? EVENT.exec(line)?.[1] : undefined;
      if (name === undefined || bound.has(name)) continue;
      last = performance.now();
      if (bound.size === 0) first = last;
      bound.add(name);
      if (bound.size === pods) done.resolve();
    }
  });
  await Promise.race([done.promise, pause(withinMs, undefined, { ref: false })]);
  if (bound.size < pods) throw new Error(`${bound.size} of ${pods} pods were bound within ${withinMs / 1000} s`);
  return { perSecond: (pods - 1) / ((last - first) / 1000), p50: 0, p99: 0, bytes };
}
