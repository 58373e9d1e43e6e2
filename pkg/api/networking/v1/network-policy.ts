// NetworkPolicies: which connections pods take and make.
import { BlockList, isIP } from 'node:net';
import { Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { portNameFaults, portNumberFaults } from '../../meta/names.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { isCidr } from '../../meta/value-checks.ts';
import { networkPolicies } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../schema/generated/networking.v1.gen.ts';

const BAD_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

export const networkPolicyKind = defineKind<NetworkPolicy>({
  type: networkPolicies,
  schema: 'networking.v1.NetworkPolicy',
  shortNames: ['netpol'],
  generation: true,
  columns: columns(
    text(
      'Pod-Selector',
      'podSelector selects the pods to which this NetworkPolicy object applies.',
      ({ spec }) => selectorFromObject(spec.podSelector ?? {}).toString() || '<none>',
    ),
    age(),
  ),
  setDefaults(policy) {
    policy.spec ??= {};
    const { spec } = policy;
    spec.podSelector ??= {};
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of ports ?? []) port.protocol ??= 'TCP';
    }
    spec.policyTypes ??= (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate,
});

function validate({ spec }: NetworkPolicy): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    faults.at('podSelector', () => validateLabelSelector(faults, spec.podSelector));
    faults.each('ingress', spec.ingress, ({ ports, from }) => {
      faults.each('ports', ports, (port) => validatePort(faults, port));
      faults.each('from', from, (peer) => validatePeer(faults, peer));
    });
    faults.each('egress', spec.egress, ({ ports, to }) => {
      faults.each('ports', ports, (port) => validatePort(faults, port));
      faults.each('to', to, (peer) => validatePeer(faults, peer));
    });
    const types = spec.policyTypes ?? [];
    if (types.length > 2) faults.invalid('policyTypes', types, 'may not specify more than two policyTypes');
    types.forEach((type, i) => {
      if (type !== 'Ingress' && type !== 'Egress') faults.notSupported(['policyTypes', i], type, ['Egress', 'Ingress']);
    });
  });
  return faults.errors;
}

function validatePort(faults: Faults, { port, endPort, protocol }: NetworkPolicyPort): void {
  if (protocol !== undefined && !['TCP', 'UDP', 'SCTP'].includes(protocol)) {
    faults.notSupported('protocol', protocol, ['SCTP', 'TCP', 'UDP']);
  }
  if (port === undefined) {
    if (endPort !== undefined) faults.invalid('endPort', endPort, 'may not be specified when `port` is not specified');
    return;
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) faults.invalid('endPort', endPort, 'may not be specified when `port` is non-numeric');
    return faults.invalidAll('port', port, portNameFaults(port));
  }
  faults.invalidAll('port', port, portNumberFaults(port));
  if (endPort === undefined) return;
  if (endPort < port) faults.invalid('endPort', endPort, 'must be greater than or equal to `port`');
  faults.invalidAll('endPort', endPort, portNumberFaults(endPort));
}

function validatePeer(faults: Faults, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): void {
  faults.at('podSelector', () => validateLabelSelector(faults, podSelector));
  faults.at('namespaceSelector', () => validateLabelSelector(faults, namespaceSelector));
  if (ipBlock !== undefined) faults.at('ipBlock', () => validateBlock(faults, ipBlock));
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selects && ipBlock === undefined) faults.required('', 'must specify a peer');
  if (selects && ipBlock !== undefined) faults.forbidden('', 'may not specify both ipBlock and another peer');
}

function validateBlock(faults: Faults, { cidr, except = [] }: IPBlock): void {
  if (!cidr) return faults.required('cidr');
  if (!isCidr(cidr)) return faults.invalid('cidr', cidr, BAD_CIDR);
  const [address = '', bits = ''] = cidr.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family);
  except.forEach((inner, i) => {
    if (!isCidr(inner)) return faults.invalid(['except', i], inner, BAD_CIDR);
    const [start = '', size = ''] = inner.split('/');
    const inside =
      (isIP(start) === 6) === (family === 'ipv6') && block.check(start, family) && Number(size) > Number(bits);
    if (!inside) faults.invalid(['except', i], inner, 'must be a strict subset of `cidr`');
  });
}
