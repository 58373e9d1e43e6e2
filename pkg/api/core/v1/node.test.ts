import { expect, test } from 'vitest';
import type { Node, NodeSpec, NodeStatus } from '../../schema/generated/core.v1.gen.ts';
import { nodeKind } from './node.ts';

function node(spec: NodeSpec, status: NodeStatus = {}): Node {
  const made: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec,
    status,
  };
  nodeKind.setDefaults(made);
  return made;
}

test.each<{ given: string; spec: NodeSpec; want: NodeSpec }>([
  { given: 'the older field', spec: { podCIDR: '10.0.0.0/24' }, want: both('10.0.0.0/24') },
  { given: 'the newer field', spec: { podCIDRs: ['10.0.0.0/24'] }, want: both('10.0.0.0/24') },
  {
    given: 'two that differ',
    spec: { podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.0.0/24', 'fd00::/64'] },
    want: both('10.0.1.0/24'),
  },
  { given: 'none', spec: {}, want: {} },
])('of the ranges of pods the older field counts: $given', ({ spec, want }) => {
  expect(node(spec).spec).toEqual(want);
});

function both(cidr: string): NodeSpec {
  return { podCIDR: cidr, podCIDRs: [cidr] };
}

test('a range of pods stays, by whichever field it is changed', () => {
  const patched = node({ podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.0.0/24'] });
  expect(nodeKind.validateUpdate(patched, node({ podCIDR: '10.0.0.0/24' }))).toEqual([
    {
      type: 'Forbidden',
      field: 'spec.podCIDRs',
      body: 'Forbidden: node updates may not change podCIDR except from "" to valid',
    },
  ]);
});

test.each<{ rule: string; status: NodeStatus; want: string }>([
  {
    rule: 'amounts are not negative',
    status: { capacity: { cpu: '-1' } },
    want: 'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
  },
  {
    rule: 'devices are counted in whole numbers',
    status: { allocatable: { 'a.b/c': '1500m' } },
    want: 'status.allocatable.a.b/c: Invalid value: "1500m": must be an integer',
  },
  {
    rule: 'an address stands once',
    status: {
      addresses: [
        { type: 'InternalIP', address: '1.2.3.4' },
        { type: 'InternalIP', address: '1.2.3.4' },
      ],
    },
    want: 'status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"1.2.3.4"}',
  },
])('an update of the status is checked: $rule', ({ status, want }) => {
  const errors = nodeKind.validateStatusUpdate(node({}, status), node({}));
  expect(errors.map(({ field, body }) => `${field}: ${body}`)).toContainEqual(want);
});
