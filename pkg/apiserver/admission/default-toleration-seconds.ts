// DefaultTolerationSeconds: a pod that says nothing about it stays five minutes on a node that is not ready or out of reach.
import type { Toleration } from '../../api/schema/generated/core.v1.gen.ts';
import type { AdmissionPlugin } from './admission.ts';
import { podOf } from './service-account.ts';

const SECONDS = 300;
const TAINTS: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  operations: new Set(['CREATE', 'UPDATE']),
  resources: new Set(['pods']),
  admit({ object }) {
    const pod = podOf(object);
    if (pod === undefined) return;
    const { tolerations = [] } = pod.spec;
    const missing = TAINTS.filter((taint) => !tolerations.some((toleration) => covers(toleration, taint)));
    if (missing.length === 0) return;
    pod.spec.tolerations = [
      ...tolerations,
      ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS })),
    ];
  },
};

function covers({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
