// Nodes: the machines. What a node is allowed to change of itself is admission's business.
import { Faults } from '../../meta/field-faults.ts';
import { labelValueFaults, qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkCidr } from '../../meta/value-checks.ts';
import { nodes } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Node, Taint } from '../../schema/generated/core.v1.gen.ts';
import { checkTaintEffect } from './affinity-validation.ts';
import { canonicaliseResourceList } from './resource-amounts.ts';
import { validateAmount } from './resources-validation.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

export const nodeKind = defineKind<Node>({
  type: nodes,
  schema: 'core.v1.Node',
  shortNames: ['no'],
  hasStatus: true,
  subresources: [subresource('proxy', 'v1', 'NodeProxyOptions', 'delete', 'get', 'patch', 'post', 'put')],
  columns: columns(
    text('Status', 'The status of the node', statusCell),
    text('Roles', 'The roles of the node', rolesCell),
    age(),
    text('Version', 'Kubelet Version reported by the node.', ({ status }) => status.nodeInfo?.kubeletVersion ?? ''),
    wide(text('Internal-IP', 'InternalIP address of the node', (node) => addressCell(node, 'InternalIP'))),
    wide(text('External-IP', 'ExternalIP address of the node', (node) => addressCell(node, 'ExternalIP'))),
    wide(
      text(
        'OS-Image',
        'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
        ({ status }) => status.nodeInfo?.osImage || '<unknown>',
      ),
    ),
    wide(
      text(
        'Kernel-Version',
        "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
        ({ status }) => status.nodeInfo?.kernelVersion || '<unknown>',
      ),
    ),
    wide(
      text(
        'Container-Runtime',
        'ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).',
        ({ status }) => status.nodeInfo?.containerRuntimeVersion || '<unknown>',
      ),
    ),
  ),
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  setDefaults(node) {
    node.spec ??= {};
    node.status ??= {};
    const { status } = node;
    canonicaliseResourceList(status.capacity);
    canonicaliseResourceList(status.allocatable);
    if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity };
    status.daemonEndpoints ??= { kubeletEndpoint: { Port: 0 } };
    status.nodeInfo ??= {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: '',
      osImage: '',
      containerRuntimeVersion: '',
      kubeletVersion: '',
      kubeProxyVersion: '',
      operatingSystem: '',
      architecture: '',
    };
    // Two ways of naming the pods' addresses, kept the same; the older one counts.
    const { spec } = node;
    const [first] = spec.podCIDRs ?? [];
    if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR];
    else if (first !== undefined) spec.podCIDR = first;
  },
  // Kubelets register themselves with a status already.
  keepsStatusOnCreate: true,
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  // A status that the next update of the spec would be refused for must not get in.
  validateStatusUpdate: validateNodeUpdate,
});

function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const faults = new Faults();
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    faults.forbidden(['spec', 'providerID'], 'node updates may not change providerID except from "" to valid');
  }
  const addresses = new Set<string>();
  (node.status.addresses ?? []).forEach(({ type, address }, i) => {
    const once = JSON.stringify([type, address]);
    if (addresses.has(once)) faults.duplicate(['status', 'addresses', i], { type, address });
    addresses.add(once);
  });
  const [cidrs, before] = [node.spec.podCIDRs ?? [], old.spec.podCIDRs ?? []];
  if (before.length > 0 && (cidrs.length !== before.length || cidrs.some((cidr, i) => cidr !== before[i]))) {
    faults.forbidden(['spec', 'podCIDRs'], 'node updates may not change podCIDR except from "" to valid');
  }
  return [...faults.errors, ...validateNode(node)];
}

function validateNode(node: Node): FieldError[] {
  const faults = new Faults();
  const seen = new Set<string>();
  // Kubernetes reports the taints as if metadata had them, and names amounts like fields.
  faults.at('metadata', () => {
    faults.each('taints', node.spec.taints, (taint) => validateTaint(faults, taint, seen));
  });
  faults.at('status', () => {
    for (const field of ['capacity', 'allocatable'] as const) {
      for (const [name, amount] of Object.entries(node.status[field] ?? {})) {
        faults.at(field, () => faults.at(name, () => validateAmount(faults, name, amount)));
      }
    }
  });
  const cidrs = node.spec.podCIDRs ?? [];
  faults.at('spec', () => {
    cidrs.forEach((cidr, i) => checkCidr(faults, ['podCIDRs', i], cidr));
    const families = new Set(cidrs.map((cidr) => cidr.includes(':')));
    if (cidrs.length > 2 || families.size < cidrs.length) {
      faults.invalid('podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family');
    }
    cidrs.forEach((cidr, i) => {
      if (cidrs.indexOf(cidr) < i) faults.duplicate(['podCIDRs', i], cidr);
    });
  });
  return faults.errors;
}

function validateTaint(faults: Faults, { key: name, value = '', effect }: Taint, seen: Set<string>): void {
  faults.invalidAll('key', name ?? '', qualifiedNameFaults(name ?? ''));
  const bad = labelValueFaults(value);
  if (bad.length > 0) faults.invalid('value', value, bad.join(';'));
  if (!effect) faults.required('effect');
  else checkTaintEffect(faults, effect);
  const once = `${name}:${effect}`;
  if (seen.has(once)) {
    faults.duplicate('', { key: name, value, effect }, 'taints must be unique by key and effect pair');
  }
  seen.add(once);
}

function statusCell({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec.unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function rolesCell({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [name, value] of Object.entries(metadata.labels ?? {})) {
    if (name.startsWith(ROLE_PREFIX) && name !== ROLE_PREFIX) roles.add(name.slice(ROLE_PREFIX.length));
    else if (name === ROLE_LABEL && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',');
}

function addressCell({ status }: Node, type: string): string {
  return status.addresses?.find((address) => address.type === type)?.address || '<none>';
}
