import { expect, test } from 'vitest';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { parseAffinity } from './affinity-memory.ts';
import type { HookOptions } from './hook-chains.ts';
import { rulesFor } from './rules.ts';

const hooks: HookOptions = {
  masqueradeAll: false,
  bridgeNetfilter: true,
  localhostNodePorts: false,
  loopbackGuard: false,
  nodePortAddresses: [],
};
const set = 'affinity-60-ns/web/tcp/p80-to-10.244.0.1/8080';

test('reads from nft who was led where, and for how long still', () => {
  const listed = {
    nftables: [
      { metainfo: { version: '1.0.6' } },
      {
        set: {
          name: set,
          elem: [
            { elem: { val: '10.244.0.9', expires: 31 } },
            { elem: { val: '10.244.0.8', timeout: 60, expires: 0 } },
            { elem: { val: { prefix: {} }, expires: 9 } },
          ],
        },
      },
      { set: { name: 'cluster-ips', elem: ['10.96.0.1'] } },
      { set: { name: 'empty' } },
    ],
  };
  expect([...parseAffinity(JSON.stringify(listed))]).toEqual([[set, [{ address: '10.244.0.9', expires: 31 }]]]);
  expect(parseAffinity('').size + parseAffinity('[]').size).toBe(0);
});

test('a table written anew remembers clients of endpoints that are still there, and no longer than it may', () => {
  const service = testService('web', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  });
  const table = rulesFor([service], [testSlice('web', [testEndpoint('10.244.0.1')])], { name: 'n', ips: [] });
  expect(table.hasAffinity).toBe(true);
  const memory = new Map([
    [
      set,
      [
        { address: '10.244.0.9', expires: 31 },
        { address: '10.244.0.7', expires: 600 },
      ],
    ],
    ['affinity-60-ns/web/tcp/p80-to-10.244.0.2/8080', [{ address: '10.244.0.6', expires: 31 }]],
  ]);
  const text = table.text(hooks, memory);
  expect(text).toContain(`${set} { 10.244.0.9 expires 31s, 10.244.0.7 expires 60s }`);
  expect(text).not.toContain('10.244.0.6');
  expect(text.indexOf(`add set ip typekube-proxy ${set}`)).toBeLessThan(text.indexOf('expires 31s'));
});

test('without session affinity there is nothing to ask the kernel for', () => {
  expect(rulesFor([testService('web')], [], { name: 'n', ips: [] }).hasAffinity).toBe(false);
});
