import { expect, test } from 'vitest';
import { jumpsFirst, podTableText } from './host-rules.ts';

test.each([
  { name: 'it is the first', rules: ['-A FORWARD -j TYPEKUBE-tk0', '-A FORWARD -j DOCKER-USER'], first: true },
  {
    name: "only another bridge's is before it",
    rules: ['-A FORWARD -j TYPEKUBE-tk1', '-A FORWARD -j TYPEKUBE-tk0'],
    first: true,
  },
  { name: 'the engine was quicker', rules: ['-A FORWARD -j DOCKER-USER', '-A FORWARD -j TYPEKUBE-tk0'], first: false },
  { name: 'it is not there', rules: ['-A FORWARD -j TYPEKUBE-tk00'], first: false },
])('sees whether the jump comes first when $name', ({ rules, first }) => {
  expect(jumpsFirst('FORWARD', 'tk0', ['-P FORWARD DROP', ...rules].join('\n'))).toBe(first);
});

test('masquerades only what leaves the cluster by another way than the bridge', () => {
  const text = podTableText({
    bridge: 'tk0',
    podCidr: '10.244.1.0/24',
    clusterCidr: '10.244.0.0/16',
    neighbours: ['172.18.0.3'],
  });
  expect(text).toContain('cluster { 10.244.0.0/16, 224.0.0.0/4, 172.18.0.3 }');
  expect(text).toContain('iifname "tk0" ip saddr 10.244.1.0/24 ip daddr != @cluster oifname != "tk0" masquerade');
});
