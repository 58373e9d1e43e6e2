// Whether a pod that was bound to this node can be had here (k8s.io/kubernetes/pkg/kubelet/lifecycle). A refusal is final: the
// pod fails with this reason, and its controller makes another one. Pure; the first reason counts, in Kubernetes' order.
import type { ResourceList } from '../../api/core/v1/resource-amounts.ts';
import { requiredNodeMatch } from '../../api/core/v1/node-selector.ts';
import { tolerated } from '../../api/core/v1/taints.ts';
import type { Pod, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import { hasFinished, isTerminating } from './containers.ts';
import type { EndVerdict } from './deadline.ts';
import { inWholeUnits, podRequests } from './pod-requests.ts';

/** What is true of the node, as its object says. */
export interface AdmittingNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Quantities; with `pods`. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** `others`: the pods that have a place here already. */
export function admit(pod: Pod, others: readonly Pod[], node: AdmittingNode): EndVerdict | undefined {
  if (hasFinished(pod) || isTerminating(pod)) return undefined;
  const fault = osFault(pod) ?? resourceFault(pod, others, node) ?? predicateFault(pod, others, node);
  return fault === undefined ? undefined : { reason: fault.reason, message: `Pod was rejected: ${fault.message}` };
}

function osFault(pod: Pod): EndVerdict | undefined {
  const label = pod.metadata.labels?.['kubernetes.io/os'];
  if (label !== undefined && label !== 'linux') {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  }
  if (pod.spec.os !== undefined && pod.spec.os.name !== 'linux') {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  return undefined;
}

/** What does not fit beside the others; undefined when all does. Also asked for pods that want to grow. */
export function resourceFault(
  pod: Pod,
  others: readonly Pod[],
  { allocatable }: Pick<AdmittingNode, 'allocatable'>,
): EndVerdict | undefined {
  const asked = (one: Pod): ResourceList => ({ pods: '1', ...podRequests(one) });
  const sums = others.map(asked);
  for (const [resource, quantity] of Object.entries(asked(pod))) {
    const capacity = allocatable[resource];
    const requested = inWholeUnits(resource, quantity);
    // Resources that the node knows nothing of belong to the cluster, not to it.
    if (capacity === undefined || requested === 0) continue;
    const used = sums.reduce((total, sum) => total + inWholeUnits(resource, sum[resource] ?? '0'), 0);
    const offered = inWholeUnits(resource, capacity);
    if (requested + used <= offered) continue;
    const amounts = `requested: ${requested}, used: ${used}, capacity: ${offered}`;
    return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${amounts}` };
  }
  return undefined;
}

function predicateFault(pod: Pod, others: readonly Pod[], node: AdmittingNode): EndVerdict | undefined {
  const failed = (reason: string, what: string) => ({ reason, message: `Predicate ${reason} failed: ${what}` });
  if (requiredNodeMatch(pod)?.(node) === false) {
    return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  }
  const taken = new Set(others.flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port))) {
    return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  }
  const expelling = node.taints.filter(({ effect }) => effect === 'NoExecute');
  if (expelling.some((taint) => !tolerated(taint, pod.spec.tolerations ?? []))) {
    return failed('TaintToleration', "node(s) had taints that the pod didn't tolerate");
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
