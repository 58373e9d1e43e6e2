import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/schema/generated/policy.v1.gen.ts';
import { NominatedPods } from './cache/nominated-pods.ts';
import { ShapeTables } from './cache/shape-tables.ts';
import { Snapshot } from './cache/snapshot.ts';
import { decide, type Cluster } from './decide.ts';
import { defaultProfile } from './framework/default-profile.ts';
import { diagnosisMessage } from './framework/diagnosis.ts';
import { podInfoOf } from './framework/pod-info.ts';
import { preempt } from './preemption/preempt.ts';
import { node, pod } from './testing/objects.ts';

const profile = defaultProfile();

function clusterOf(
  nodes: Node[],
  placed: Record<string, Pod[] | undefined> = {},
  budgets: readonly PodDisruptionBudget[] = [],
): Cluster {
  const snapshot = new Snapshot();
  for (const each of nodes) snapshot.setNode(each);
  for (const [name, pods] of Object.entries(placed))
    for (const each of pods ?? []) snapshot.addPod(podInfoOf(each), name);
  return { snapshot, tables: new ShapeTables(snapshot), nominated: new NominatedPods(), budgets: () => budgets };
}

/** The node's name, or the message with what preemption says. */
function outcome(wanted: Pod, cluster: Cluster): string {
  const info = podInfoOf(wanted);
  const decision = decide(profile, info, cluster, () => 0);
  if (decision.outcome === 'placed') return decision.node;
  const preemption =
    decision.diagnosis.nodeCount === 0 ? undefined : preempt(profile, info, cluster, decision, () => 0);
  if (preemption?.outcome === 'evict') {
    const { nodeName, victims } = preemption.candidate;
    return `evict ${victims.map(({ pod: { metadata } }) => metadata.name).join(' ')} on ${nodeName}`;
  }
  return diagnosisMessage(decision.diagnosis, preemption?.message ?? '');
}

const low = (name: string, cpu: string, priority = -1) => pod(name, { requests: { cpu }, spec: { priority } });
const onNode = (...names: string[]): Partial<Pod['spec']> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: names.map((name) => ({
          matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }],
        })),
      },
    },
  },
});

describe('what users read when a pod fits nowhere', () => {
  test.each([
    {
      name: 'says that there are no nodes',
      wanted: pod('x'),
      cluster: clusterOf([]),
      want: 'no nodes available to schedule pods',
    },
    {
      name: 'counts reasons, sorted as text, and says that preemption found nobody',
      wanted: pod('x', { requests: { cpu: '3' } }),
      cluster: clusterOf(
        [node('a'), node('b'), node('c', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] })],
        { a: [pod('p', { requests: { cpu: '2' } })], b: [pod('q', { requests: { cpu: '2' } })] },
      ),
      want:
        '0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 Insufficient cpu. ' +
        'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, ' +
        '2 No preemption victims found for incoming pod.',
    },
    {
      name: 'knows that eviction does not help a pod larger than the node',
      wanted: pod('x', { requests: { cpu: '30' } }),
      cluster: clusterOf([node('a')]),
      want:
        '0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    },
    {
      name: 'names several reasons of one node',
      wanted: pod('x', { requests: { cpu: '5', memory: '9Gi' } }),
      cluster: clusterOf([node('a', { pods: '0' })]),
      want:
        '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods. ' +
        'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    },
    {
      name: 'names the plugin that left nodes out beforehand',
      wanted: pod('x', { spec: onNode('a') }),
      cluster: clusterOf([node('a', { unschedulable: true }), node('b'), node('c')]),
      want:
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    },
    {
      name: 'respects that the pod does not want to preempt',
      wanted: pod('x', { requests: { cpu: '4' }, spec: { priority: 5, preemptionPolicy: 'Never' } }),
      cluster: clusterOf([node('a')], { a: [low('p', '1')] }),
      want: '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    },
  ])('$name', ({ wanted, cluster, want }) => {
    expect(outcome(wanted, cluster)).toBe(want);
  });
});

describe('where a pod goes', () => {
  const full = { a: [pod('p', { requests: { cpu: '1', memory: '2Gi' } })] };
  const anti = (app: string): Partial<Pod['spec']> => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    },
  });
  test.each([
    {
      name: 'packs',
      wanted: pod('x', { requests: { cpu: '1', memory: '2Gi' } }),
      nodes: ['a', 'b'],
      placed: full,
      want: 'a',
    },
    {
      name: 'goes to the node it names',
      wanted: pod('x', { spec: onNode('b') }),
      nodes: ['a', 'b'],
      placed: full,
      want: 'b',
    },
    {
      name: 'keeps away from pods it does not want near',
      wanted: pod('x', { spec: anti('db') }),
      nodes: ['a', 'b'],
      placed: { a: [pod('p', { labels: { app: 'db' } })] },
      want: 'b',
    },
    {
      name: 'keeps away from pods that do not want it near',
      wanted: pod('x', { labels: { app: 'web' } }),
      nodes: ['a', 'b'],
      placed: { a: [pod('p', { spec: anti('web') })] },
      want: 'b',
    },
    {
      name: 'keeps host ports apart',
      wanted: pod('x', { hostPort: 80 }),
      nodes: ['a', 'b'],
      placed: { a: [pod('p', { hostPort: 80 })] },
      want: 'b',
    },
  ])('$name', ({ wanted, nodes, placed, want }) => {
    expect(
      outcome(
        wanted,
        clusterOf(
          nodes.map((name) => node(name)),
          placed,
        ),
      ),
    ).toBe(want);
  });

  test('counts init containers at their peak and sidecars throughout', () => {
    const initContainers = [
      { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } },
      { name: 'i', resources: { requests: { cpu: '3' } } },
    ];
    const wanted = pod('x', { requests: { cpu: '2' }, spec: { initContainers, overhead: { cpu: '500m' } } });
    expect(podInfoOf(wanted).requested.milliCpu).toBe(4500);
  });

  test('stands back for a nominated pod of the same priority, not for a lower one', () => {
    const cluster = clusterOf([node('a')]);
    const waiting = podInfoOf(pod('w', { requests: { cpu: '3' }, spec: { priority: 5 } }));
    cluster.nominated.set(waiting, 'a');
    const wanted = (priority: number) => pod('x', { requests: { cpu: '2' }, spec: { priority } });
    expect(outcome(wanted(5), cluster)).toContain('Insufficient cpu');
    expect(outcome(wanted(6), cluster)).toBe('a');
    expect(outcome(waiting.pod, cluster)).toBe('a');
  });
});

const urgent = (cpu: string, spec: Partial<Pod['spec']> = {}) =>
  pod('x', { requests: { cpu }, spec: { priority: 10, ...spec } });

describe('whom preemption evicts', () => {
  test.each([
    {
      name: 'as few as possible, the least important',
      wanted: urgent('2'),
      placed: { a: [low('p', '2', 1), low('q', '2', 2)] },
      want: 'evict p on a',
    },
    {
      name: 'on the node where the most important victim is least important',
      wanted: urgent('4'),
      placed: { a: [low('p', '4', 3)], b: [low('q', '1', 1), low('r', '3', 2)] },
      want: 'evict r q on b',
    },
    {
      name: 'nobody of its own priority',
      wanted: urgent('4'),
      placed: { a: [low('p', '4', 10)], b: [low('q', '4', 11)] },
      want:
        '0/2 nodes are available: 2 Insufficient cpu. ' +
        'preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    },
    {
      name: 'a pod that keeps it away by anti-affinity',
      wanted: {
        ...urgent('1'),
        metadata: { ...urgent('1').metadata, labels: { app: 'web' } },
      },
      placed: {
        a: [
          pod('p', {
            spec: {
              priority: 1,
              affinity: {
                podAntiAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: [
                    { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' },
                  ],
                },
              },
            },
          }),
          low('q', '1', 1),
        ],
      },
      want: 'evict p on a',
    },
  ])('$name', ({ wanted, placed, want }) => {
    const cluster = clusterOf(
      Object.keys(placed).map((name) => node(name)),
      placed,
    );
    const before = cluster.snapshot.describe();
    expect(outcome(wanted, cluster)).toBe(want);
    expect(cluster.snapshot.describe()).toEqual(before);
  });
});

describe('disruption budgets in preemption', () => {
  const web = (name: string, cpu: string, priority = 1, namespace = 'default') =>
    pod(name, { requests: { cpu }, labels: { app: 'web' }, namespace, spec: { priority } });
  const budget = (
    disruptionsAllowed: number,
    more: { selector?: object; status?: Partial<PodDisruptionBudgetStatus> } = {},
  ): PodDisruptionBudget => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { ...pod('web').metadata, name: 'web' },
    spec: { selector: more.selector ?? { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2, ...more.status },
  });

  test.each([
    {
      name: 'spare a pod that is less important than one without a budget',
      placed: { a: [web('p', '2', 1), low('q', '2', 2)] },
      budgets: [budget(0)],
      want: 'evict q on a',
    },
    {
      name: 'lead to a node whose victims are more important but not protected',
      placed: { a: [web('p', '4', 1)], b: [low('q', '4', 5)] },
      wanted: urgent('4'),
      budgets: [budget(0)],
      want: 'evict q on b',
    },
    {
      name: 'are violated as little as possible, but are no reason to stay away',
      placed: { a: [web('p', '2', 1), web('q', '2', 1)], b: [web('r', '4', 5)] },
      wanted: urgent('4'),
      budgets: [budget(0)],
      want: 'evict r on b',
    },
    {
      name: 'let go as many as they allow, the most important counted first',
      placed: { a: [web('p', '2', 1), web('q', '2', 2)], b: [low('r', '2', 3), low('s', '2', 3)] },
      wanted: urgent('4'),
      budgets: [budget(2)],
      want: 'evict q p on a',
    },
    {
      name: 'count what is beyond that',
      placed: { a: [web('p', '2', 1), web('q', '2', 2)], b: [low('r', '2', 3), low('s', '2', 3)] },
      wanted: urgent('4'),
      budgets: [budget(1)],
      want: 'evict r s on b',
    },
    {
      name: 'do not count a pod whose eviction was granted already',
      placed: { a: [web('p', '2', 1), low('q', '2', 2)] },
      budgets: [budget(0, { status: { disruptedPods: { p: '2026-01-01T00:00:00Z' } } })],
      want: 'evict p on a',
    },
    {
      name: 'of another namespace do not count',
      placed: { a: [web('p', '2', 1, 'other'), low('q', '2', 2)] },
      budgets: [budget(0)],
      want: 'evict p on a',
    },
    {
      name: 'without a selector protect nobody',
      placed: { a: [web('p', '2', 1), low('q', '2', 2)] },
      budgets: [budget(0, { selector: {} })],
      want: 'evict p on a',
    },
  ])('$name', ({ placed, budgets, want, wanted = urgent('2') }) => {
    const nodes = Object.keys(placed).map((name) => node(name));
    expect(outcome(wanted, clusterOf(nodes, placed, budgets))).toBe(want);
  });
});
