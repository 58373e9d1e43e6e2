// Endpoints: the older list of a Service's addresses.
import { isIP } from 'node:net';
import { Faults } from '../../meta/field-faults.ts';
import { dnsLabelFaults, dnsSubdomainFaults, portNumberFaults, qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkForeignIp, checkIp, checkOneOf } from '../../meta/value-checks.ts';
import { endpoints } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { EndpointAddress, Endpoints } from '../../schema/generated/core.v1.gen.ts';

/** A cell shows this many addresses. */
const SHOWN = 3;

export const endpointsKind = defineKind<Endpoints>({
  type: endpoints,
  schema: 'core.v1.Endpoints',
  shortNames: ['ep'],
  createOnUpdate: true,
  columns: columns(text('Endpoints', 'The set of all endpoints is the union of all subsets.', endpointsCell), age()),
  setDefaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ??= 'TCP';
  },
  validate,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
});

function validate({ subsets }: Endpoints): FieldError[] {
  const faults = new Faults();
  faults.each('subsets', subsets, ({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      faults.required('', 'must specify `addresses` or `notReadyAddresses`');
    }
    faults.each('addresses', addresses, (address) => validateAddress(faults, address));
    faults.each('notReadyAddresses', notReadyAddresses, (address) => validateAddress(faults, address));
    faults.each('ports', ports, ({ name, port, protocol, appProtocol }) => {
      if (ports.length > 1 && !name) faults.required('name');
      else if (name) faults.invalidAll('name', name, dnsLabelFaults(name));
      faults.invalidAll('port', port ?? 0, portNumberFaults(port ?? 0));
      checkOneOf(faults, 'protocol', protocol, ['SCTP', 'TCP', 'UDP']);
      if (appProtocol !== undefined) faults.invalidAll('appProtocol', appProtocol, qualifiedNameFaults(appProtocol));
    });
  });
  return faults.errors;
}

function validateAddress(faults: Faults, { ip, hostname, nodeName }: EndpointAddress): void {
  checkIp(faults, 'ip', ip ?? '');
  if (hostname) faults.invalidAll('hostname', hostname, dnsLabelFaults(hostname));
  if (nodeName !== undefined) faults.invalidAll('nodeName', nodeName, dnsSubdomainFaults(nodeName));
  checkForeignIp(faults, 'ip', ip ?? '');
}

function endpointsCell({ subsets }: Endpoints): string {
  const all: string[] = [];
  for (const { addresses = [], ports = [] } of subsets ?? []) {
    if (ports.length === 0) all.push(...addresses.map(({ ip }) => ip));
    for (const { port } of ports)
      all.push(...addresses.map(({ ip }) => (isIP(ip) === 6 ? `[${ip}]` : ip) + `:${port}`));
  }
  if (all.length === 0) return '<none>';
  const shown = all.slice(0, SHOWN).join(',');
  return all.length > SHOWN ? `${shown} + ${all.length - SHOWN} more...` : shown;
}
