// Validation of a Service's addresses and their families: how they fit together, and what may change of them.
import { isIP } from 'node:net';
import type { Faults } from '../../meta/field-faults.ts';
import { checkIp } from '../../meta/value-checks.ts';
import type { ServiceSpec } from '../../schema/generated/core.v1.gen.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const FIXED = 'may not change once set';

export function isHeadless({ clusterIPs, clusterIP }: ServiceSpec): boolean {
  return (clusterIPs?.length === 1 && clusterIPs[0] === 'None') || clusterIP === 'None';
}

/** The current path is the spec's. Also asked before addresses are given out, which relies on it. */
export function validateServiceAddresses(faults: Faults, spec: ServiceSpec): void {
  if (spec.type === 'ExternalName') return;
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  if (clusterIP === '') {
    if (clusterIPs.length > 0) {
      faults.invalid('clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified');
    }
  } else if (clusterIPs.length === 0) faults.required('clusterIPs');
  else if (clusterIPs[0] !== clusterIP) {
    faults.invalid('clusterIPs', clusterIPs, 'first value must match `clusterIP`');
  }
  const families = new Set<string>();
  ipFamilies.forEach((family, i) => {
    if (!FAMILIES.includes(family)) faults.notSupported(['ipFamilies', i], family, FAMILIES);
    if (families.has(family)) faults.duplicate(['ipFamilies', i], family);
    families.add(family);
  });
  if (ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(ipFamilyPolicy)) {
    faults.notSupported('ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES);
  }
  const before = faults.errors.length;
  clusterIPs.forEach((address, i) => {
    if (i > 0 || address !== 'None') checkIp(faults, ['clusterIPs', i], address);
    else if (clusterIPs.length > 1) {
      faults.invalid('clusterIPs', clusterIPs, "'None' must be the first and only value");
    }
  });
  const wellFormed = faults.errors.length === before;
  if (clusterIPs.length > 2) faults.invalid('clusterIPs', clusterIPs, 'may only hold up to 2 values');
  if (wellFormed) validateFamilies(faults, clusterIPs, ipFamilies);
}

function validateFamilies(faults: Faults, addresses: readonly string[], families: readonly string[]): void {
  if (addresses.length > 1 && new Set(addresses.map((address) => isIP(address))).size < 2) {
    faults.invalid('clusterIPs', addresses, 'may specify no more than one IP for each IP family');
  }
  if (addresses[0] === 'None') return;
  addresses.forEach((address, i) => {
    const family = families[i];
    if (family === undefined || family === (isIP(address) === 6 ? 'IPv6' : 'IPv4')) return;
    faults.invalid(['clusterIPs', i], address, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  });
}

/** Addresses stay. A second one comes and goes with its family. */
export function validateAddressesUpdate(faults: Faults, spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return;
  if (isHeadless(spec) && isHeadless(old)) return;
  validateListUpdate(faults, 'clusterIPs', 'clusterIP', spec, old);
  if (isHeadless(spec) === isHeadless(old)) validateListUpdate(faults, 'ipFamilies', 'ipFamily', spec, old);
}

function validateListUpdate(
  faults: Faults,
  list: 'clusterIPs' | 'ipFamilies',
  one: string,
  spec: ServiceSpec,
  old: ServiceSpec,
): void {
  const [now, before] = [spec[list] ?? [], old[list] ?? []];
  if (now.length === before.length) {
    before.forEach((value, i) => {
      if (value !== now[i]) faults.invalid([list, list === 'clusterIPs' ? i : 0], now, FIXED);
    });
    return;
  }
  if (now.length === 0) return faults.invalid([list, 0], now, `primary ${one} can not be unset`);
  if (before.length > 0 && now[0] !== before[0]) faults.invalid([list, 0], now, FIXED);
  if (now.length > before.length || now.length !== 1 || spec.ipFamilyPolicy === 'SingleStack') return;
  const sentence = `must be set to 'SingleStack' when releasing the secondary ${one}`;
  faults.invalid('ipFamilyPolicy', spec.ipFamilyPolicy, sentence);
}
