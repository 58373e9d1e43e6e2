import { expect, test } from 'vitest';
import type { CommandResult } from '../host-command.ts';
import { LostBridge } from './lost-bridge.ts';

const never = new AbortController().signal;

/** A machine with these veth links; answers with the batches that it was given. */
function machine(links: readonly { ifname: string; master?: string }[]) {
  const batches: string[] = [];
  const v6 = { family: 'inet6', local: 'fe80::1', prefixlen: 64 };
  const bridge = {
    address: '02:42:00:00:00:01',
    addr_info: [v6, { family: 'inet', local: '10.244.1.1', prefixlen: 24 }],
  };
  const lost = new LostBridge('tk0', (command, options): Promise<CommandResult> => {
    if (command.includes('-batch')) batches.push(options?.input ?? '');
    return Promise.resolve({ outcome: 'done', output: JSON.stringify(command.includes('addr') ? [bridge] : links) });
  });
  return { lost, batches };
}

test('a bridge that is gone comes back with its addresses and the ports that are left', async () => {
  const { lost, batches } = machine([{ ifname: 'a' }, { ifname: 'b', master: 'br9' }, { ifname: 'stranger' }]);
  await lost.remember(['a', 'b', 'c'], never);
  // It loses them before it is gone.
  await lost.remember([], never);
  expect(await lost.restore(never)).toBe(1);
  expect(batches.join().trim().split('\n')).toEqual([
    'link add tk0 address 02:42:00:00:00:01 type bridge',
    'addr add 10.244.1.1/24 brd + dev tk0',
    'link set tk0 up',
    'link set a master tk0',
  ]);
});

test.each([
  { name: 'that was never seen', ports: undefined, links: [{ ifname: 'a' }] },
  { name: 'without pods', ports: [], links: [{ ifname: 'a' }] },
  { name: 'whose pods are gone too', ports: ['a'], links: [] },
])('a bridge $name is left to the engine', async ({ ports, links }) => {
  const { lost, batches } = machine(links);
  if (ports !== undefined) await lost.remember(ports, never);
  expect(await lost.restore(never)).toBe(0);
  expect(batches).toEqual([]);
});
