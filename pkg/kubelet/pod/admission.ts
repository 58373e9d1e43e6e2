// Whether a pod that was bound to this node can be had here (k8s.io/kubernetes/pkg/kubelet/lifecycle). A refusal is final: the
// pod fails with this reason, and its controller makes another one.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { hasFinished, isTerminating } from './containers.ts';
import type { EndVerdict } from './deadline.ts';

export function admit(pod: Pod, others: readonly Pod[], maxPods: number): EndVerdict | undefined {
  if (hasFinished(pod) || isTerminating(pod)) return undefined;
  if (others.length >= maxPods) {
    return {
      reason: 'OutOfpods',
      message: `Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: ${others.length}, capacity: ${maxPods}`,
    };
  }
  const taken = new Set(others.filter((other) => !isTerminating(other)).flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port))) {
    return {
      reason: 'NodePorts',
      message: `Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports`,
    };
  }
  return undefined;
}

function hostPortsOf(pod: Pod): string[] {
  return pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, hostIP = '', protocol = 'TCP' }) =>
      hostPort === undefined || hostPort === 0 ? [] : [`${hostIP}/${protocol}/${hostPort}`],
    ),
  );
}
