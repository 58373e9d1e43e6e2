import { expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ResourceClient } from '../../client/client.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { container, pod } from '../testing/pods.ts';
import { StatusWriter } from './status-writer.ts';

const never = new AbortController().signal;

/** A writer whose requests are answered by hand. */
function writer() {
  const asked: { message: unknown; answer: () => void }[] = [];
  const known = pod({ containers: [container('web')] });
  const patch: ResourceClient<Pod>['patch'] = (_key, body) =>
    new Promise((resolve) => {
      const { status } = body as { status: Pod['status'] }; // what the writer sends
      asked.push({
        message: status.message,
        answer: () => resolve({ ...known, status: { ...known.status, ...status } }),
      });
    });
  const client = { patch } as Partial<ResourceClient<Pod>> as ResourceClient<Pod>; // nothing else is asked for
  const status = new StatusWriter(known, { client, clock: new VirtualClock(), log: silentLogger });
  return { asked, status };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('of several statuses the newest is written once the one under way is there', async () => {
  const { asked, status } = writer();
  for (const message of ['a', 'b', 'c']) status.write({ message }, never);
  asked[0]?.answer();
  await turn();
  expect(asked.map(({ message }) => message)).toEqual(['a', 'c']);
});

test('a status is written whenever it comes, also while the last write is just ending', async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const { asked, status } = writer();
    status.write({ message: 'a' }, never);
    asked[0]?.answer();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    status.write({ message: 'b' }, never);
    await turn();
    expect(asked.map(({ message }) => message)).toEqual(['a', 'b']);
    asked[1]?.answer();
    await status.flushed();
  }
});
