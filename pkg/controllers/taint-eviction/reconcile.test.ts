import { describe, expect, test } from 'vitest';
import type { Taint, Toleration } from '../../api/schema/generated/core.v1.gen.ts';
import { NOW, ago, node, pod } from '../testing/objects.ts';
import { tolerates } from '../../api/core/v1/taints.ts';
import { evictionTime } from './reconcile.ts';

const unreachable: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: ago(100) };
const custom: Taint = { key: 'k', value: 'v', effect: 'NoExecute' };

describe('a toleration', () => {
  test.each([
    { name: 'of key and value', toleration: { key: 'k', value: 'v' }, want: true },
    { name: 'of another value', toleration: { key: 'k', value: 'w' }, want: false },
    { name: 'of the key, whatever the value', toleration: { key: 'k', operator: 'Exists' }, want: true },
    { name: 'of everything', toleration: { operator: 'Exists' }, want: true },
    { name: 'without key and operator', toleration: {}, want: false },
    { name: 'of another effect', toleration: { key: 'k', operator: 'Exists', effect: 'NoSchedule' }, want: false },
    { name: 'of this effect', toleration: { key: 'k', operator: 'Exists', effect: 'NoExecute' }, want: true },
  ])('$name', ({ toleration, want }) => {
    expect(tolerates(toleration, custom)).toBe(want);
  });
});

describe('a pod on a tainted node', () => {
  const always: Toleration = { operator: 'Exists' };
  const forSeconds = (tolerationSeconds: number): Toleration => ({
    key: unreachable.key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  });
  test.each([
    {
      name: 'stays when no taint evicts',
      taints: [{ key: 'x', effect: 'NoSchedule' }],
      tolerations: [],
      want: undefined,
    },
    { name: 'goes at once without a toleration', taints: [unreachable], tolerations: [], want: -Infinity },
    { name: 'stays when it tolerates for ever', taints: [unreachable], tolerations: [always], want: undefined },
    {
      name: 'goes when its time is over, counted from the taint',
      taints: [unreachable],
      tolerations: [forSeconds(300)],
      want: NOW + 200_000,
    },
    {
      name: 'goes at once when its time is none',
      taints: [unreachable],
      tolerations: [forSeconds(0)],
      want: -Infinity,
    },
    {
      name: 'goes when the first of its times is over',
      taints: [unreachable, custom],
      tolerations: [forSeconds(300), { key: 'k', operator: 'Exists', tolerationSeconds: 60 }],
      want: NOW + 60_000,
    },
    {
      name: 'goes at once when one of two is not tolerated',
      taints: [unreachable, custom],
      tolerations: [forSeconds(300)],
      want: -Infinity,
    },
  ])('$name', ({ taints, tolerations, want }) => {
    const one = pod('p', { node: 'n', spec: { tolerations } });
    expect(evictionTime(one, node('n', 'Unknown', { spec: { taints } }), NOW)).toBe(want);
  });

  test('stays its whole time though the taint tells whole seconds only', () => {
    const one = pod('p', { node: 'n', spec: { tolerations: [forSeconds(1)] } });
    const tainted = node('n', 'Unknown', { spec: { taints: [{ ...unreachable, timeAdded: ago(0) }] } });
    expect(evictionTime(one, tainted, NOW + 900)).toBe(NOW + 1900);
  });
});
