// EndpointSlices: a Service's addresses in pieces, and of one family each.
import { isIP } from 'node:net';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { dnsLabelFaults, dnsSubdomainFaults, portNumberFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkForeignIp, checkOneOf } from '../../meta/value-checks.ts';
import { endpointSlices } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../schema/generated/discovery.v1.gen.ts';

const MOST_ENDPOINTS = 1000;
const MOST_ADDRESSES = 100;
const MOST_PORTS = 20_000;
const MOST_TOPOLOGY_LABELS = 16;
const MOST_HINTS = 8;
const SHOWN = 3;

export const endpointSliceKind = defineKind<EndpointSlice>({
  type: endpointSlices,
  schema: 'discovery.v1.EndpointSlice',
  generation: true,
  generationOf: ({ metadata, ...rest }) => ({ ...rest, labels: metadata.labels }),
  columns: columns(
    text(
      'AddressType',
      'addressType specifies the type of address carried by this EndpointSlice.',
      ({ addressType }) => addressType,
    ),
    text(
      'Ports',
      'ports specifies the list of network ports exposed by each endpoint in this slice.',
      ({ ports }) => shorten((ports ?? []).map(({ port }) => (port === undefined ? '*' : String(port)))) || '<unset>',
    ),
    text(
      'Endpoints',
      'endpoints is a list of unique endpoints in this slice.',
      ({ endpoints }) => shorten((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])) || '<unset>',
    ),
    age(),
  ),
  setDefaults(slice) {
    slice.endpoints ??= [];
    // Kubernetes writes an absent list of ports as null; nothing here depends on the difference.
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
    for (const endpoint of slice.endpoints) endpoint.conditions ??= {};
  },
  validate,
  validateUpdate(slice, old) {
    const faults = new Faults();
    if (slice.addressType !== old.addressType) faults.invalid('addressType', slice.addressType, IMMUTABLE);
    return [...validate(slice), ...faults.errors];
  },
});

function shorten(all: readonly string[]): string {
  const shown = all.slice(0, SHOWN).join(',');
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown;
}

function validate({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] {
  const faults = new Faults();
  if (!addressType) faults.required('addressType');
  else checkOneOf(faults, 'addressType', addressType, ['FQDN', 'IPv4', 'IPv6']);
  if (endpoints.length > MOST_ENDPOINTS) faults.tooMany('endpoints', endpoints.length, MOST_ENDPOINTS);
  else faults.each('endpoints', endpoints, (endpoint) => validateEndpoint(faults, endpoint, addressType));
  if (ports.length > MOST_PORTS) faults.tooMany('ports', ports.length, MOST_PORTS);
  else validatePorts(faults, ports);
  return faults.errors;
}

function validateEndpoint(faults: Faults, endpoint: Endpoint, addressType: string): void {
  const addresses = endpoint.addresses ?? [];
  const { hostname, nodeName, deprecatedTopology } = endpoint;
  if (addresses.length === 0) faults.required('addresses', 'must contain at least 1 address');
  else if (addresses.length > MOST_ADDRESSES) faults.tooMany('addresses', addresses.length, MOST_ADDRESSES);
  addresses.forEach((address, i) => {
    const at = ['addresses', i];
    if (addressType === 'FQDN') {
      if (address === '') return faults.required(at);
      return faults.invalidAll(at, address, fullyQualifiedFaults(address));
    }
    if (addressType !== 'IPv4' && addressType !== 'IPv6') return;
    if (isIP(address) !== (addressType === 'IPv4' ? 4 : 6)) {
      faults.invalid(at, address, `must be a valid ${addressType} address`);
    }
    checkForeignIp(faults, at, address);
  });
  if (nodeName !== undefined) faults.invalidAll('nodeName', nodeName, dnsSubdomainFaults(nodeName));
  if (hostname !== undefined) faults.invalidAll('hostname', hostname, dnsLabelFaults(hostname));
  const topology = Object.keys(deprecatedTopology ?? {}).length;
  if (topology > MOST_TOPOLOGY_LABELS) faults.tooMany('deprecatedTopology', topology, MOST_TOPOLOGY_LABELS);
  validateLabels(faults, 'deprecatedTopology', deprecatedTopology);
  const { hints } = endpoint;
  if (hints !== undefined) faults.at('hints', () => validateHints(faults, hints));
}

function validateHints(faults: Faults, { forZones = [], forNodes = [] }: EndpointHints): void {
  if (forZones.length > MOST_HINTS) faults.tooMany('forZones', forZones.length, MOST_HINTS);
  else validateHinted(faults, 'forZones', forZones, qualifiedNameFaults);
  if (forNodes.length > MOST_HINTS) faults.tooMany('forNodes', forNodes.length, MOST_HINTS);
  else validateHinted(faults, 'forNodes', forNodes, dnsSubdomainFaults);
}

function validateHinted(
  faults: Faults,
  segment: string,
  hints: readonly { name: string }[],
  faultsOf: (name: string) => string[],
): void {
  const seen = new Set<string>();
  hints.forEach(({ name }, i) => {
    if (seen.has(name)) faults.duplicate([segment, i, 'name'], name);
    seen.add(name);
    faults.invalidAll([segment, i, 'name'], name ?? '', faultsOf(name ?? ''));
  });
}

/** A DNS name of at least two labels; it may end in a dot. */
function fullyQualifiedFaults(text: string): string[] {
  const name = text.replace(/\.$/, '');
  const labels = name.split('.');
  const faults = dnsSubdomainFaults(name);
  if (faults.length > 0) return faults;
  if (labels.length < 2) return ['should be a domain with at least two segments separated by dots'];
  return labels.flatMap((label) => dnsLabelFaults(label));
}

function validatePorts(faults: Faults, ports: readonly EndpointPort[]): void {
  const names = new Set<string>();
  faults.each('ports', ports, ({ name = '', port, protocol, appProtocol }) => {
    if (name !== '') faults.invalidAll('name', name, dnsLabelFaults(name));
    if (names.has(name)) faults.duplicate('name', name);
    names.add(name);
    if (port !== undefined) faults.invalidAll('port', port, portNumberFaults(port));
    checkOneOf(faults, 'protocol', protocol, ['SCTP', 'TCP', 'UDP']);
    if (appProtocol !== undefined) faults.invalidAll('appProtocol', appProtocol, qualifiedNameFaults(appProtocol));
  });
}
