// A node, described, with what its pods ask for. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { addQuantities, formatQuantity, milliValue, parseQuantity } from '../../api/meta/quantity.ts';
import {
  at,
  compareBytes,
  flag,
  has,
  nameOf,
  namespaceOf,
  object,
  objects,
  pairs,
  text,
  texts,
} from '../objects/access.ts';
import { since } from './events.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

export interface NodeView {
  readonly node: JsonObject;
  /** A text is why there is none to show; undefined when the server has no leases. */
  readonly lease: JsonObject | string | undefined;
  /** Undefined when we may not see them. */
  readonly pods: readonly JsonObject[] | undefined;
}

export function describeNode({ node, lease, pods }: NodeView, now: number, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(node));
  const roles = pairs(node, 'metadata', 'labels').flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  out.line(0, 'Roles', roles.sort().join(',') || '<none>');
  out.labels('Labels', at(node, 'metadata', 'labels'));
  out.annotations('Annotations', at(node, 'metadata', 'annotations'));
  out.line(0, 'CreationTimestamp', localTime(text(node, 'metadata', 'creationTimestamp')));
  const byEffect = (taint: JsonObject) => `${text(taint, 'effect')},${text(taint, 'key')}`;
  const taints = objects(node, 'spec', 'taints').sort((left, right) => compareBytes(byEffect(left), byEffect(right)));
  out.list('Taints', taints.map(taintText));
  out.line(0, 'Unschedulable', String(flag(node, 'spec', 'unschedulable')));
  if (typeof lease === 'string') out.line(0, 'Lease', `Failed to get lease: ${lease}`);
  else if (lease !== undefined) {
    const time = (field: string) => (has(lease, 'spec', field) ? localTime(text(lease, 'spec', field)) : '<unset>');
    out.write(0, 'Lease:\n');
    out.line(1, 'HolderIdentity', text(lease, 'spec', 'holderIdentity') || '<unset>');
    out.line(1, 'AcquireTime', time('acquireTime'));
    out.line(1, 'RenewTime', time('renewTime'));
  }
  describeNodeStatus(node, out);
  if (pods !== undefined) describeNodePods(node, pods, now, out);
}

function taintText(taint: JsonObject): string {
  const value = text(taint, 'value');
  return `${text(taint, 'key')}${value === '' ? '' : `=${value}`}:${text(taint, 'effect')}`;
}

function describeNodeStatus(node: JsonObject, out: DescriptionWriter): void {
  const conditions = objects(node, 'status', 'conditions');
  if (conditions.length > 0) {
    out.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n');
    out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n');
    for (const condition of conditions)
      out.write(
        1,
        `${text(condition, 'type')} \t${text(condition, 'status')} \t${localTime(text(condition, 'lastHeartbeatTime'))} \t${localTime(text(condition, 'lastTransitionTime'))} \t${text(condition, 'reason')} \t${text(condition, 'message')}\n`,
      );
  }
  out.write(0, 'Addresses:\n');
  for (const address of objects(node, 'status', 'addresses'))
    out.line(1, text(address, 'type'), text(address, 'address'));
  for (const [field, label] of [
    ['capacity', 'Capacity'],
    ['allocatable', 'Allocatable'],
  ] as const) {
    const amounts = pairs(node, 'status', field);
    if (amounts.length === 0) continue;
    out.write(0, `${label}:\n`);
    for (const [name, amount] of amounts) out.line(1, name, amount);
  }
  const info = object(node, 'status', 'nodeInfo');
  out.write(0, 'System Info:\n');
  for (const [field, label] of [
    ['machineID', 'Machine ID'],
    ['systemUUID', 'System UUID'],
    ['bootID', 'Boot ID'],
    ['kernelVersion', 'Kernel Version'],
    ['osImage', 'OS Image'],
    ['operatingSystem', 'Operating System'],
    ['architecture', 'Architecture'],
    ['containerRuntimeVersion', 'Container Runtime Version'],
    ['kubeletVersion', 'Kubelet Version'],
    ['kubeProxyVersion', 'Kube-Proxy Version'],
  ] as const)
    out.line(1, label, text(info, field));
  if (text(node, 'spec', 'podCIDR') !== '') out.line(0, 'PodCIDR', text(node, 'spec', 'podCIDR'));
  const ranges = texts(node, 'spec', 'podCIDRs');
  if (ranges.length > 0) out.line(0, 'PodCIDRs', ranges.join(','));
  if (text(node, 'spec', 'providerID') !== '') out.line(0, 'ProviderID', text(node, 'spec', 'providerID'));
}

/** What a pod asks for in all: the sum of its containers, or the largest of its init containers where that is more. */
export function podAmounts(pod: JsonObject, kind: 'requests' | 'limits'): Map<string, string> {
  const total = new Map<string, string>();
  for (const container of objects(pod, 'spec', 'containers'))
    for (const [name, amount] of pairs(container, 'resources', kind)) add(total, name, amount);
  for (const container of objects(pod, 'spec', 'initContainers'))
    for (const [name, amount] of pairs(container, 'resources', kind)) {
      const always = text(container, 'restartPolicy') === 'Always';
      if (always) add(total, name, amount);
      else if (milliValue(amount) > milliValue(total.get(name) ?? '0')) total.set(name, amount);
    }
  return total;
}

function add(total: Map<string, string>, name: string, amount: string): void {
  const before = total.get(name);
  if (before === undefined) {
    total.set(name, amount);
    return;
  }
  const left = parseQuantity(before);
  const right = parseQuantity(amount);
  if (left.ok && right.ok) total.set(name, formatQuantity(addQuantities(left.quantity, right.quantity)));
}

function describeNodePods(node: JsonObject, all: readonly JsonObject[], now: number, out: DescriptionWriter): void {
  const pods = all.filter((pod) => !['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase')));
  const allocatable = Object.fromEntries(
    pairs(node, 'status', has(node, 'status', 'allocatable') ? 'allocatable' : 'capacity'),
  );
  const share = (name: string, amount: string) => {
    const whole = milliValue(allocatable[name] ?? '0');
    return whole === 0 ? 0 : Math.trunc((milliValue(amount) / whole) * 100);
  };
  const cell = (name: string, amounts: ReadonlyMap<string, string>) => {
    const amount = amounts.get(name) ?? '0';
    return `${amount} (${share(name, amount)}%)`;
  };
  out.line(0, 'Non-terminated Pods', `(${pods.length} in total)`);
  out.write(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n');
  out.write(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n');
  const requests = new Map<string, string>();
  const limits = new Map<string, string>();
  for (const pod of pods) {
    const asked = podAmounts(pod, 'requests');
    const capped = podAmounts(pod, 'limits');
    for (const [name, amount] of asked) add(requests, name, amount);
    for (const [name, amount] of capped) add(limits, name, amount);
    const age = since(text(pod, 'metadata', 'creationTimestamp'), now);
    out.write(
      1,
      `${namespaceOf(pod)}\t${nameOf(pod)}\t\t${cell('cpu', asked)}\t${cell('cpu', capped)}\t${cell('memory', asked)}\t${cell('memory', capped)}\t${age}\n`,
    );
  }
  out.write(
    0,
    'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits\n',
  );
  out.write(1, '--------\t--------\t------\n');
  for (const name of ['cpu', 'memory', 'ephemeral-storage'])
    out.write(1, `${name}\t${cell(name, requests)}\t${cell(name, limits)}\n`);
  for (const name of Object.keys(allocatable).sort()) {
    const standard = ['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name);
    if (standard || (!name.startsWith('hugepages-') && !name.includes('/'))) continue;
    out.write(
      1,
      name.startsWith('hugepages-')
        ? `${name}\t${cell(name, requests)}\t${cell(name, limits)}\n`
        : `${name}\t${requests.get(name) ?? '0'}\t${limits.get(name) ?? '0'}\n`,
    );
  }
}
