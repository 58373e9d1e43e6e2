import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import type { CommandResult } from '../host-command.ts';
import { keepBridgePorts, portsWithoutHairpin } from './bridge-ports.ts';

function link(ifname: string, hairpin: boolean): unknown {
  return {
    ifname,
    master: 'tk0',
    linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge', info_slave_data: { hairpin } },
  };
}

test('finds the ports that lack hairpin mode, and no others', () => {
  expect(portsWithoutHairpin([link('a', false), link('b', true), { ifname: 'c' }, null])).toEqual(['a']);
});

test('switches a port on soon after the bridge is said to have it', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const ports = new Map([['old', false]]);
  let tell: (line: string) => void = () => undefined;
  const keeping = keepBridgePorts(
    {
      bridge: 'tk0',
      clock,
      log: silentLogger,
      run: (command): Promise<CommandResult> => {
        if (command.includes('set')) ports.set(command[4] ?? '', true);
        const links = [...ports].map(([name, hairpin]) => link(name, hairpin));
        return Promise.resolve({ outcome: 'done', output: JSON.stringify(links) });
      },
      monitor: {
        on(listener) {
          tell = listener;
          return { [Symbol.dispose]: () => undefined };
        },
      },
    },
    stop.signal,
  );
  await clock.advance(1);
  expect([...ports]).toEqual([['old', true]]);
  ports.set('new', false);
  tell('7: other@if6: <UP> master br9 state forwarding');
  await clock.advance(100);
  expect(ports.get('new')).toBe(false);
  tell('8: new@if2: <UP> mtu 1500 qdisc noqueue master tk0 state forwarding');
  await clock.advance(100);
  expect(ports.get('new')).toBe(true);
  stop.abort();
  await keeping;
  expect(clock.pending).toBe(0);
});
