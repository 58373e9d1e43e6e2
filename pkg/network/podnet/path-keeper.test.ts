import { expect, test } from 'vitest';
import { concernsPaths } from './path-keeper.ts';

test.each([
  { line: 'Deleted 10.244.9.0/24 via 192.168.77.2 dev eth0 proto 84 ', concerns: true },
  { line: '10.244.9.0/24 via 192.168.77.2 dev eth0 proto 84 onlink ', concerns: false },
  { line: '10.244.9.0/24 via 192.168.77.9 dev eth0 ', concerns: true },
  { line: 'default via 192.168.77.2 dev eth0 ', concerns: true },
  { line: 'local 10.244.7.1 dev tk0 table local proto kernel scope host src 10.244.7.1 ', concerns: false },
  { line: '2: eth0    inet 192.168.77.1/24 scope global eth0\\       valid_lft forever', concerns: true },
  { line: 'Deleted 2: eth0    inet 192.168.77.1/24 scope global eth0', concerns: true },
  { line: '2: eth0@if7: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN', concerns: true },
  { line: '9: veth12ab@if8: <BROADCAST,MULTICAST,UP> mtu 1500', concerns: false },
  { line: '8: p1@if2: <UP> mtu 1500 qdisc noqueue master tk0 state UP', concerns: false },
  { line: '6: tk0-lb    inet 192.168.77.200/32 scope global tk0-lb\\       valid_lft 20sec', concerns: false },
  { line: 'Deleted 5: tk0-vx: <BROADCAST,MULTICAST> mtu 1450', concerns: true },
])('looks at the ways again: $concerns, for "$line"', ({ line, concerns }) => {
  expect(concernsPaths(line, 'tk0')).toBe(concerns);
});
