import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { followHostUpstreams } from './host-upstreams.ts';
import { upstreamAt, upstreamsOf } from './resolv-conf.ts';

test.each([
  {
    name: 'in order, three at most',
    text: 'nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4',
    want: ['1.1.1.1', '2.2.2.2', '3.3.3.3'],
  },
  {
    name: 'without comments, other words and nonsense',
    text: '# nameserver 9.9.9.9\nsearch a b\n  nameserver\t fd00::1 # x\nnameserver nonsense',
    want: ['fd00::1'],
  },
  { name: 'without itself', text: 'nameserver 10.96.0.10\nnameserver 1.1.1.1', want: ['1.1.1.1'] },
])('takes servers $name', ({ text, want }) => {
  expect(upstreamsOf(text, new Set(['10.96.0.10'])).map(({ address }) => address)).toEqual(want);
});

test.each([
  { text: '1.1.1.1', want: [{ address: '1.1.1.1', port: 53 }] },
  { text: '1.1.1.1:5353', want: [{ address: '1.1.1.1', port: 5353 }] },
  { text: '[fd00::1]:5353', want: [{ address: 'fd00::1', port: 5353 }] },
  { text: 'fe80::1%eth0', want: [{ address: 'fe80::1%eth0', port: 53 }] },
  { text: 'dns.example', want: [] },
])('reads the address $text', ({ text, want }) => {
  expect(upstreamAt(text)).toEqual(want);
});

test("follows the host's file, and looks behind the stub of systemd-resolved", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const files: Record<string, string> = { '/etc/resolv.conf': 'nameserver 127.0.0.53' };
  const told: string[][] = [];
  const following = followHostUpstreams(
    {
      own: new Set(),
      clock,
      log: silentLogger,
      changed: (upstreams) => told.push(upstreams.map(({ address }) => address)),
      read: (path) => Promise.resolve(files[path]),
    },
    stop.signal,
  );
  await clock.advance(0);
  files['/run/systemd/resolve/resolv.conf'] = 'nameserver 192.0.2.1';
  await clock.advance(10_000);
  await clock.advance(10_000);
  files['/etc/resolv.conf'] = 'nameserver 192.0.2.2';
  await clock.advance(10_000);
  expect(told).toEqual([['127.0.0.53'], ['192.0.2.1'], ['192.0.2.2']]);
  stop.abort();
  await following;
  expect(clock.pending).toBe(0);
});
