import { expect, test } from 'vitest';
import { uplinkMtu } from './uplink-mtu.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const line = (device: string, destination: string, metric: number, mask: string) =>
  `${device}\t${destination}\t010200C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0  `;

function machine(routes: string[], mtus: Record<string, string>) {
  return (path: string): Promise<string> => {
    if (path === '/proc/net/route') return Promise.resolve([HEAD, ...routes, ''].join('\n'));
    const mtu = mtus[path.split('/')[4] ?? ''];
    return mtu === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(`${mtu}\n`);
  };
}

const link = line('eth0', '0079590A', 0, '00FFFFFF');

test.each<{ name: string; routes: string[]; mtus: Record<string, string>; want: number | undefined }>([
  {
    name: 'the device of the default route',
    routes: [link, line('wg0', '00000000', 0, '00000000')],
    mtus: { eth0: '1500', wg0: '1420' },
    want: 1420,
  },
  {
    name: 'the preferred one of several',
    routes: [line('eth1', '00000000', 200, '00000000'), line('eth0', '00000000', 100, '00000000')],
    mtus: { eth0: '8900', eth1: '1400' },
    want: 8900,
  },
  {
    name: 'what the engine takes anyway',
    routes: [line('eth0', '00000000', 0, '00000000')],
    mtus: { eth0: '1500' },
    want: undefined,
  },
  { name: 'no way out', routes: [link], mtus: { eth0: '1400' }, want: undefined },
  { name: 'a device that is gone', routes: [line('eth9', '00000000', 0, '00000000')], mtus: {}, want: undefined },
  { name: 'nonsense', routes: [line('eth0', '00000000', 0, '00000000')], mtus: { eth0: 'x' }, want: undefined },
])('$name says how large packets may be: $want', async ({ routes, mtus, want }) => {
  expect(await uplinkMtu(machine(routes, mtus))).toBe(want);
});

test('a machine without /proc/net/route has no opinion', async () => {
  expect(await uplinkMtu(() => Promise.reject(new Error('ENOENT')))).toBeUndefined();
});
