// Whatever happens in whatever order: no node is given more than it has, the snapshot is what it would be if built anew, and
// remembered results decide as fresh ones do.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Node, Pod } from '../api/schema/generated/core.v1.gen.ts';
import { NominatedPods } from './cache/nominated-pods.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { ShapeTables } from './cache/shape-tables.ts';
import { Snapshot } from './cache/snapshot.ts';
import { decide } from './decide.ts';
import { explain, totalScore } from './explain.ts';
import { defaultProfile } from './framework/default-profile.ts';
import { diagnosisMessage } from './framework/diagnosis.ts';
import { podInfoOf } from './framework/pod-info.ts';
import { node, pod } from './testing/objects.ts';

const zones = ['a', 'b', 'c'];
const apps = ['web', 'db'];

const nodeArbitrary = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  zone: fc.constantFrom(...zones, undefined),
  cpu: fc.constantFrom('1', '2', '4'),
  pods: fc.constantFrom('2', '110'),
  taint: fc.constantFrom('NoSchedule', 'PreferNoSchedule', undefined),
  unschedulable: fc.boolean(),
  image: fc.boolean(),
});

const podArbitrary = fc.record({
  index: fc.integer({ min: 0, max: 14 }),
  app: fc.constantFrom(...apps),
  cpu: fc.constantFrom('100m', '1', undefined),
  memory: fc.constantFrom('1Gi', '4Gi', undefined),
  hostPort: fc.constantFrom(8080, undefined),
  prefers: fc.constantFrom(...zones, undefined),
  tolerates: fc.boolean(),
  antiAffinity: fc.constantFrom('required', 'preferred', undefined),
  spread: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway', undefined),
});

type NodeChoice = typeof nodeArbitrary extends fc.Arbitrary<infer T> ? T : never;
type PodChoice = typeof podArbitrary extends fc.Arbitrary<infer T> ? T : never;

function makeNode({ index, zone, cpu, pods, taint, unschedulable, image }: NodeChoice): Node {
  return node(`n${index}`, {
    labels: zone === undefined ? {} : { zone },
    cpu,
    pods,
    unschedulable,
    ...(taint !== undefined && { taints: [{ key: 'k', effect: taint }] }),
    ...(image && { images: [{ names: ['app:1'], sizeBytes: 900_000_000 }] }),
  });
}

function makePod(choice: PodChoice, generation: number): Pod {
  const { index, app, cpu, memory, hostPort, prefers, tolerates, antiAffinity, spread } = choice;
  const labelSelector = { matchLabels: { app } };
  const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
  return pod(`p${index}`, {
    labels: { app },
    metadata: { uid: `p${index}-${generation}` },
    requests: { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) },
    ...(hostPort !== undefined && { hostPort }),
    spec: {
      ...(tolerates && { tolerations: [{ key: 'k', operator: 'Exists' }] }),
      affinity: {
        ...(prefers !== undefined && {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 10, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: [prefers] }] } },
            ],
          },
        }),
        ...(antiAffinity === 'required' && {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        }),
        ...(antiAffinity === 'preferred' && {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term }],
          },
        }),
      },
      ...(spread !== undefined && {
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: spread, labelSelector }],
      }),
    },
  });
}

const stepArbitrary = fc.oneof(
  fc.record({ do: fc.constant('node' as const), node: nodeArbitrary }),
  fc.record({ do: fc.constant('drop-node' as const), index: fc.integer({ min: 0, max: 5 }) }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('schedule' as const), pod: podArbitrary, random: fc.nat(99) }) },
  fc.record({ do: fc.constant('confirm' as const), index: fc.integer({ min: 0, max: 14 }) }),
  fc.record({ do: fc.constant('forget' as const), index: fc.integer({ min: 0, max: 14 }) }),
  fc.record({ do: fc.constant('terminate' as const), index: fc.integer({ min: 0, max: 14 }) }),
  fc.record({ do: fc.constant('delete' as const), index: fc.integer({ min: 0, max: 14 }) }),
);

/** Pods that ask about everything that the snapshot keeps an index of. */
const probes: PodChoice[] = (['DoNotSchedule', 'ScheduleAnyway'] as const).map((spread) => ({
  index: 99,
  app: 'web',
  cpu: undefined,
  memory: undefined,
  hostPort: undefined,
  prefers: 'a',
  tolerates: true,
  antiAffinity: 'preferred',
  spread,
}));

test('decisions hold in any order of events', () => {
  const profile = defaultProfile();
  fc.assert(
    fc.property(fc.array(stepArbitrary, { minLength: 5, maxLength: 60 }), (steps) => {
      const cache = new SchedulerCache();
      const { snapshot } = cache;
      const tables = new ShapeTables(snapshot);
      const nominated = new NominatedPods();
      const placed = new Map<number, { pod: Pod; nodeName: string }>();
      const nodes = new Map<string, Node>();
      for (const [generation, step] of steps.entries()) {
        if (step.do === 'node') {
          const made = makeNode(step.node);
          // Kubernetes lets a node shrink under its pods; here capacity stays, so that over-commitment is the scheduler's.
          const known = nodes.get(made.metadata.name);
          const kept =
            known === undefined ? made : { ...made, status: { ...made.status, allocatable: known.status.allocatable } };
          nodes.set(made.metadata.name, kept);
          cache.setNode(kept);
        } else if (step.do === 'drop-node') {
          const name = `n${step.index}`;
          if ([...placed.values()].some(({ nodeName }) => nodeName === name)) continue;
          nodes.delete(name);
          cache.removeNode(name);
        } else if (step.do === 'schedule') {
          if (placed.has(step.pod.index)) continue;
          const made = makePod(step.pod, generation);
          const info = podInfoOf(made);
          const random = () => step.random / 100;
          const decision = decide(profile, info, { snapshot, tables, nominated }, random);
          const fresh = decide(profile, info, { snapshot, tables: new ShapeTables(snapshot), nominated }, random);
          expect(decision.outcome).toBe(fresh.outcome);
          const { scores } = explain(profile, info, snapshot);
          if (decision.outcome === 'unplaceable') {
            expect(scores.size).toBe(0);
            if (fresh.outcome === 'unplaceable') {
              expect(diagnosisMessage(decision.diagnosis)).toBe(diagnosisMessage(fresh.diagnosis));
            }
            continue;
          }
          const best = Math.max(...[...scores.values()].map(totalScore));
          expect(totalScore(scores.get(decision.node) ?? new Map())).toBe(best);
          expect(cache.assume(info, decision.node)).toBe(true);
          placed.set(step.pod.index, { pod: made, nodeName: decision.node });
        } else {
          const known = placed.get(step.index);
          if (known === undefined) continue;
          const { uid } = known.pod.metadata;
          if (step.do === 'confirm') cache.setPod(podInfoOf(known.pod), known.nodeName);
          if (step.do === 'forget' && cache.forget(uid) !== undefined) placed.delete(step.index);
          if (step.do === 'terminate') {
            const deletionTimestamp = '2026-01-01T00:00:00Z';
            known.pod = { ...known.pod, metadata: { ...known.pod.metadata, deletionTimestamp } };
            cache.setPod(podInfoOf(known.pod), known.nodeName);
          }
          if (step.do === 'delete') {
            cache.removePod(uid);
            placed.delete(step.index);
          }
        }
      }
      const anew = new Snapshot();
      for (const each of nodes.values()) anew.setNode(each);
      for (const { pod: each, nodeName } of placed.values()) anew.addPod(podInfoOf(each), nodeName);
      expect(snapshot.describe()).toEqual(anew.describe());
      for (const probe of probes) {
        const info = podInfoOf(makePod(probe, 0));
        const [kept, fresh] = [explain(profile, info, snapshot), explain(profile, info, anew)];
        expect(Object.fromEntries(kept.scores)).toEqual(Object.fromEntries(fresh.scores));
        expect(Object.fromEntries(kept.failures)).toEqual(Object.fromEntries(fresh.failures));
      }
      for (const info of snapshot.nodes()) {
        expect(info.requested.milliCpu).toBeLessThanOrEqual(info.allocatable.milliCpu);
        expect(info.requested.memory).toBeLessThanOrEqual(info.allocatable.memory);
        expect(info.pods.size).toBeLessThanOrEqual(info.allowedPods);
        expect([...info.pods.values()].filter(({ hostPorts }) => hostPorts.length > 0).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});
