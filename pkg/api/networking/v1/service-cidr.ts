// ServiceCIDRs and IPAddresses: where Services' addresses come from, and which are taken.
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { isCidr } from '../../meta/value-checks.ts';
import { ipAddresses, serviceCidrs } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { IPAddress, ServiceCIDR } from '../../schema/generated/networking.v1.gen.ts';

export const serviceCidrKind = defineKind<ServiceCIDR>({
  type: serviceCidrs,
  schema: 'networking.v1.ServiceCIDR',
  hasStatus: true,
  columns: columns(
    text(
      'CIDRs',
      'cidrs defines the IP blocks in CIDR notation from which to assign service cluster IPs.',
      ({ spec }) => (spec.cidrs ?? []).join(','),
    ),
    age(),
  ),
  setDefaults(range) {
    range.spec ??= {};
    range.status ??= {};
  },
  validate({ spec }) {
    const faults = new Faults();
    const cidrs = spec.cidrs ?? [];
    if (cidrs.length === 0) faults.required(['spec', 'cidrs'], 'at least one CIDR required');
    if (cidrs.length > 2) faults.invalid(['spec', 'cidrs'], cidrs, 'may only hold up to 2 values');
    cidrs.forEach((cidr, i) => {
      if (!isCidr(cidr)) {
        faults.invalid(['spec', 'cidrs', i], cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
      }
    });
    return faults.errors;
  },
  validateUpdate(range, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(range.spec.cidrs, old.spec.cidrs)) {
      faults.invalid(['spec', 'cidrs'], range.spec.cidrs, IMMUTABLE);
    }
    return faults.errors;
  },
});

export const ipAddressKind = defineKind<IPAddress>({
  type: ipAddresses,
  schema: 'networking.v1.IPAddress',
  nameRule: (name) => (isIP(name) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []),
  columns: columns(
    text(
      'ParentRef',
      'ParentRef references the resource that an IPAddress is attached to.',
      ({ spec: { parentRef } }) => {
        const resource = parentRef.group ? `${parentRef.resource}.${parentRef.group}` : parentRef.resource;
        return parentRef.namespace
          ? `${resource}/${parentRef.namespace}/${parentRef.name}`
          : `${resource}/${parentRef.name}`;
      },
    ),
    age(),
  ),
  validate({ spec }) {
    const faults = new Faults();
    if (spec?.parentRef === undefined) faults.required(['spec', 'parentRef']);
    else {
      for (const field of ['resource', 'name'] as const) {
        if (!spec.parentRef[field]) faults.required(['spec', 'parentRef', field]);
      }
    }
    return faults.errors;
  },
  validateUpdate(address, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(address.spec, old.spec)) {
      faults.invalid(['spec', 'parentRef'], address.spec?.parentRef, IMMUTABLE);
    }
    return faults.errors;
  },
});
