// What single plugins say about single nodes; everything together is held against recorded decisions elsewhere.
import { describe, expect, test } from 'vitest';
import type { NodeSelectorRequirement, Pod, Toleration } from '../../api/schema/generated/core.v1.gen.ts';
import { Snapshot } from '../cache/snapshot.ts';
import { HostPorts } from '../framework/host-ports.ts';
import { matchesRequirement } from '../../api/core/v1/node-selector.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { podResources } from '../framework/resources.ts';
import { tolerates } from '../../api/core/v1/taints.ts';
import { node, pod } from '../testing/objects.ts';
import { imageLocality } from './image-locality.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { strategyRating, type ScoringStrategy } from './resource-scoring.ts';

describe('a node selector requirement', () => {
  const values = (operator: string, ...list: string[]): NodeSelectorRequirement => ({
    key: 'k',
    operator,
    values: list,
  });
  test.each([
    { requirement: values('In', 'a', 'b'), value: 'b', matches: true },
    { requirement: values('In', 'a'), value: undefined, matches: false },
    { requirement: values('NotIn', 'a'), value: undefined, matches: true },
    { requirement: values('NotIn', 'a'), value: 'a', matches: false },
    { requirement: values('Exists'), value: '', matches: true },
    { requirement: values('DoesNotExist'), value: '', matches: false },
    { requirement: values('Gt', '5'), value: '6', matches: true },
    { requirement: values('Gt', '5'), value: '5', matches: false },
    { requirement: values('Lt', '-5'), value: '-6', matches: true },
    { requirement: values('Lt', '5'), value: '4.5', matches: false },
    { requirement: values('Gt', '5'), value: undefined, matches: false },
    { requirement: values('Gt', '9007199254740992'), value: '9007199254740993', matches: true },
    { requirement: values('Gt', '1'), value: '99999999999999999999', matches: false },
    { requirement: values('Like', 'a'), value: 'a', matches: false },
  ])('$requirement.operator $requirement.values of $value: $matches', ({ requirement, value, matches }) => {
    expect(matchesRequirement(requirement, value)).toBe(matches);
  });
});

describe('a toleration', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  test.each<{ toleration: Toleration; matches: boolean }>([
    { toleration: { operator: 'Exists' }, matches: true },
    { toleration: { key: 'k', operator: 'Exists', effect: 'NoExecute' }, matches: false },
    { toleration: { key: 'k', value: 'v' }, matches: true },
    { toleration: { key: 'k', operator: 'Equal', value: 'w' }, matches: false },
    { toleration: { key: 'other', operator: 'Exists' }, matches: false },
  ])('$toleration: $matches', ({ toleration, matches }) => {
    expect(tolerates(toleration, taint)).toBe(matches);
  });
});

describe('host ports', () => {
  const port = (ip: string, protocol = 'TCP') => ({ ip, protocol, port: 80 });
  test.each([
    { taken: port('127.0.0.1'), wanted: port('0.0.0.0'), conflict: true },
    { taken: port('0.0.0.0'), wanted: port('10.0.0.1'), conflict: true },
    { taken: port('127.0.0.1'), wanted: port('10.0.0.1'), conflict: false },
    { taken: port('0.0.0.0', 'UDP'), wanted: port('0.0.0.0'), conflict: false },
  ])('$taken.ip/$taken.protocol and $wanted.ip/$wanted.protocol conflict: $conflict', ({ taken, wanted, conflict }) => {
    const ports = new HostPorts();
    ports.add([taken, taken]);
    ports.remove([taken]);
    expect(ports.conflictsWith(wanted)).toBe(conflict);
    ports.remove([taken]);
    expect(ports.conflictsWith(wanted)).toBe(false);
  });
});

describe('what a pod asks for', () => {
  test.each<{ name: string; wanted: Pod; milliCpu: number }>([
    { name: 'is rounded up to a millicore', wanted: pod('x', { requests: { cpu: '100100u' } }), milliCpu: 101 },
    {
      name: 'is what the pod as a whole asks for, if it says so',
      wanted: pod('x', {
        requests: { cpu: '1' },
        spec: { resources: { requests: { cpu: '3' } }, overhead: { cpu: '1' } },
      }),
      milliCpu: 4000,
    },
    {
      name: 'is at least what a container being resized still has',
      wanted: pod('x', {
        requests: { cpu: '1' },
        spec: { nodeName: 'n' },
        status: {
          containerStatuses: [
            { name: 'c', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu: '2' } },
          ],
        },
      }),
      milliCpu: 2000,
    },
  ])('$name', ({ wanted, milliCpu }) => {
    expect(podResources(wanted).requested.milliCpu).toBe(milliCpu);
  });

  test('counts as a little for scoring when nothing is named', () => {
    expect(podResources(pod('x'))).toMatchObject({ assumedMilliCpu: 100, assumedMemory: 200 * 1024 * 1024 });
  });
});

describe('NodeResourcesFit', () => {
  const check = (requests: Record<string, string>, allocatable: Record<string, string>, args = {}) => {
    const snapshot = new Snapshot();
    const plugin = nodeResourcesFit({ ...fitArgs, ...args });
    return plugin.filter?.(podInfoOf(pod('x', { requests })))?.(snapshot.setNode(node('n', { more: allocatable })));
  };
  const resources = [{ name: 'cpu', weight: 1 }];
  const fitArgs = {
    scoringStrategy: { type: 'MostAllocated', resources } as const,
    ignoredResources: [],
    ignoredResourceGroups: [],
  };

  test('knows extended resources, and those it is to pass over', () => {
    expect(check({ 'example.com/gpu': '2' }, { 'example.com/gpu': '1' })?.reasons).toEqual([
      'Insufficient example.com/gpu',
    ]);
    expect(check({ 'example.com/gpu': '2' }, {}, { ignoredResources: ['example.com/gpu'] })).toBeUndefined();
    expect(check({ 'example.com/gpu': '2' }, {}, { ignoredResourceGroups: ['example.com'] })).toBeUndefined();
  });

  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 50, score: 10 },
    { utilization: 100, score: 4 },
  ];
  test.each<{ strategy: ScoringStrategy; cpu: string; score: number }>([
    { strategy: { type: 'MostAllocated', resources }, cpu: '1', score: 25 },
    { strategy: { type: 'LeastAllocated', resources }, cpu: '1', score: 75 },
    { strategy: { type: 'MostAllocated', resources }, cpu: '9', score: 100 },
    { strategy: { type: 'LeastAllocated', resources }, cpu: '9', score: 0 },
    { strategy: { type: 'RequestedToCapacityRatio', resources, shape }, cpu: '1', score: 50 },
    { strategy: { type: 'RequestedToCapacityRatio', resources, shape }, cpu: '3', score: 70 },
    { strategy: { type: 'RequestedToCapacityRatio', resources, shape }, cpu: '9', score: 40 },
    {
      strategy: { type: 'MostAllocated', resources: [...resources, { name: 'memory', weight: 3 }] },
      cpu: '4',
      score: Math.trunc((100 + 3 * Math.trunc((200 * 100) / 8192)) / 4),
    },
  ])('$strategy.type rates $cpu of 4 CPUs $score', ({ strategy, cpu, score }) => {
    const snapshot = new Snapshot();
    expect(strategyRating(strategy, podInfoOf(pod('x', { requests: { cpu } })))(snapshot.setNode(node('n')))).toBe(
      score,
    );
  });
});

describe('ImageLocality', () => {
  test('weighs an image by its size and by how many nodes have it', () => {
    const snapshot = new Snapshot();
    const image = { names: ['app:latest'], sizeBytes: 1000 * 1024 * 1024 };
    const first = snapshot.setNode(node('a', { images: [image] }));
    const second = snapshot.setNode(node('b'));
    const wanted = podInfoOf(pod('x', { image: 'app' }));
    const rate = imageLocality.score?.prepare(wanted, snapshot);
    expect([rate?.(first), rate?.(second)]).toEqual([48, 0]);
    const before = imageLocality.score?.dependsOn?.(wanted, snapshot);
    snapshot.setNode(node('b', { images: [image] }));
    expect(imageLocality.score?.dependsOn?.(wanted, snapshot)).not.toBe(before);
    expect(imageLocality.score?.prepare(wanted, snapshot)?.(first)).toBe(100);
  });
});

describe('PodTopologySpread', () => {
  const constraint = (more: object = {}) => ({
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'web' } },
    ...more,
  });
  const verdicts = (more: object, spec: Partial<Pod['spec']> = {}, labels: Record<string, string> = {}) => {
    const snapshot = new Snapshot();
    const gpu = [{ key: 'gpu', effect: 'NoSchedule' }];
    const nodes = [
      snapshot.setNode(node('a', { labels: { zone: 'a' } })),
      snapshot.setNode(node('b', { labels: { zone: 'b' } })),
      snapshot.setNode(node('c', { labels: { zone: 'c' }, taints: gpu })),
      snapshot.setNode(node('none')),
    ];
    const placed = podInfoOf(pod('p', { labels: { app: 'web', version: '1' } }));
    snapshot.addPod(placed, 'a');
    const wanted = pod('x', {
      labels: { app: 'web', ...labels },
      spec: { ...spec, topologySpreadConstraints: [constraint(more)] },
    });
    const check = podTopologySpread().clusterFilter?.(podInfoOf(wanted), snapshot);
    return nodes.filter((each) => check?.(each) === undefined).map(({ name }) => name);
  };
  test.each([
    { name: 'keeps the skew, and wants the label', more: {}, want: ['b', 'c'] },
    { name: 'allows as much skew as it is told', more: { maxSkew: 2 }, want: ['a', 'b', 'c'] },
    {
      name: 'takes the least to be nothing when there are too few places',
      more: { maxSkew: 1, minDomains: 9 },
      want: ['b', 'c'],
    },
    {
      name: 'counts only pods of the same version',
      more: { matchLabelKeys: ['version'] },
      labels: { version: '2' },
      want: ['a', 'b', 'c'],
    },
    {
      name: 'does not count places that node affinity rules out',
      more: {},
      spec: { nodeSelector: { zone: 'a' } },
      want: ['a', 'b', 'c'],
    },
    {
      name: 'counts them if it is told to',
      more: { nodeAffinityPolicy: 'Ignore' },
      spec: { nodeSelector: { zone: 'a' } },
      want: ['b', 'c'],
    },
  ])('$name', ({ more, spec, labels, want }) => {
    expect(verdicts(more, spec, labels)).toEqual(want);
  });
});
