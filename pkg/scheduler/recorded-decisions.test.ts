// Holds the plugins against decisions recorded from kube-scheduler 1.24: feasible nodes, reasons and scores agree exactly.
// The recordings are not part of this repository; TYPEKUBE_SCHEDULING_DECISIONS names the file.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Node, Pod } from '../api/schema/generated/core.v1.gen.ts';
import { NominatedPods } from './cache/nominated-pods.ts';
import { ShapeTables } from './cache/shape-tables.ts';
import { Snapshot } from './cache/snapshot.ts';
import { decide } from './decide.ts';
import { explain, totalScore } from './explain.ts';
import { defaultProfile } from './framework/default-profile.ts';
import { diagnosisMessage } from './framework/diagnosis.ts';
import { podInfoOf } from './framework/pod-info.ts';
import { DEFAULT_FIT_ARGS } from './plugins/node-resources-fit.ts';

interface RecordedCluster {
  readonly name: string;
  readonly nodes: Node[];
  readonly pods: Pod[];
  readonly pod: Pod;
  readonly result: {
    readonly node?: string;
    readonly onlyFeasible?: boolean;
    readonly scores?: Record<string, Record<string, number>>;
    readonly final?: Record<string, number>;
    readonly unschedulable?: string;
  };
}

const file = process.env['TYPEKUBE_SCHEDULING_DECISIONS'] ?? '../shared/scheduling/decisions.jsonl';
const present = existsSync(file);
if (!present) process.stderr.write(`skipped: no recorded scheduling decisions at ${file}\n`);

/**
 * Not compared: VolumeBinding is not part of this scheduler. ImageLocality of 1.24 counts the nodes with an image as of when
 * the node was last seen and takes the image's size from whichever node came first, so its recorded scores depend on the
 * order of events, which was not recorded.
 */
const NOT_COMPARED = new Set(['VolumeBinding', 'ImageLocality']);

/**
 * Decided differently since 1.25, which does not count pods on nodes that the pod's own node affinity rules out
 * (`nodeAffinityPolicy: Honor`): a zone is found less full than in 1.24.
 */
const DECIDED_DIFFERENTLY_SINCE = new Set(['cluster 169']);

const profiles = {
  'default-scheduler': defaultProfile({
    ...DEFAULT_FIT_ARGS,
    scoringStrategy: { ...DEFAULT_FIT_ARGS.scoringStrategy, type: 'LeastAllocated' },
  }),
  packing: defaultProfile(DEFAULT_FIT_ARGS, 'packing'),
};

/** The wording of a taint's reason changed after 1.24. */
function in135(message: string): string {
  const at = message.indexOf(': ');
  const renamed = message
    .slice(at + 2)
    .replace(/\.$/, '')
    .split(/, (?=\d+ )/)
    .map((reason) => reason.replace(/had taint (\{.*\}), that the pod didn't tolerate/, 'had untolerated taint $1'));
  return `${message.slice(0, at)}: ${renamed.sort().join(', ')}.`;
}

const recorded: RecordedCluster[] = present
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RecordedCluster)
      .filter(({ name }) => !DECIDED_DIFFERENTLY_SINCE.has(name))
  : [];

test.runIf(present).each(recorded)('kube-scheduler 1.24 agrees on $name', ({ nodes, pods, pod, result }) => {
  const snapshot = new Snapshot();
  for (const node of nodes) snapshot.setNode(node);
  for (const [index, placed] of pods.entries()) {
    const metadata = { namespace: 'sched', ...placed.metadata, uid: placed.metadata.uid ?? `uid-${index}` };
    snapshot.addPod(podInfoOf({ ...placed, metadata }), placed.spec.nodeName ?? '');
  }
  const info = podInfoOf({ ...pod, metadata: { ...pod.metadata, uid: 'uid-x' } });
  const profile = pod.spec.schedulerName === 'packing' ? profiles.packing : profiles['default-scheduler'];
  const cluster = { snapshot, tables: new ShapeTables(snapshot), nominated: new NominatedPods() };
  const decision = decide(profile, info, cluster, () => 0);
  const { scores } = explain(profile, info, snapshot);

  if (result.unschedulable !== undefined) {
    expect(decision.outcome).toBe('unplaceable');
    if (decision.outcome === 'unplaceable') {
      expect(diagnosisMessage(decision.diagnosis)).toBe(in135(result.unschedulable));
    }
    return;
  }
  if (result.onlyFeasible) {
    expect([...scores.keys()]).toEqual([result.node]);
    expect(decision).toMatchObject({ outcome: 'placed', node: result.node });
    return;
  }
  const recordedScores = result.scores ?? {};
  expect([...scores.keys()].sort()).toEqual(Object.keys(recordedScores).sort());
  expect(tellingApart(fromMaps(scores))).toEqual(tellingApart(recordedScores));
  const total = (name: string) => totalScore(scores.get(name) ?? new Map());
  const best = Math.max(...[...scores.keys()].map(total));
  expect(decision.outcome === 'placed' ? total(decision.node) : undefined).toBe(best);
});

function fromMaps(scores: ReadonlyMap<string, ReadonlyMap<string, number>>): Record<string, Record<string, number>> {
  return Object.fromEntries([...scores].map(([node, by]) => [node, Object.fromEntries(by)]));
}

/** Plugin -> node -> score, for plugins that do not give every node the same. */
function tellingApart(scores: Record<string, Record<string, number>>): Record<string, Record<string, number>> {
  const byPlugin: Record<string, Record<string, number>> = {};
  for (const [node, plugins] of Object.entries(scores)) {
    for (const [plugin, score] of Object.entries(plugins)) {
      if (NOT_COMPARED.has(plugin)) continue;
      byPlugin[plugin] = { ...byPlugin[plugin], [node]: score };
    }
  }
  return Object.fromEntries(Object.entries(byPlugin).filter(([, nodes]) => new Set(Object.values(nodes)).size > 1));
}
