import { expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { settleFamilies } from './service-defaults.ts';

function service(spec: ServiceSpec): Service {
  const metadata = { name: 's', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'ClusterIP', ...spec }, status: {} };
}

test.each<{ name: string; spec: ServiceSpec; want: ServiceSpec }>([
  {
    name: 'a plain one is of the one family',
    spec: {},
    want: { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  },
  {
    name: 'one that prefers two gets the one there is',
    spec: { ipFamilyPolicy: 'PreferDualStack' },
    want: { ipFamilies: ['IPv4'], ipFamilyPolicy: 'PreferDualStack' },
  },
  {
    name: 'one whose endpoints somebody else fills in may have both',
    spec: { clusterIP: 'None' },
    want: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
  },
  {
    name: 'the family of such a one comes first',
    spec: { clusterIP: 'None', ipFamilies: ['IPv6'] },
    want: { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' },
  },
  {
    name: 'a headless one with pods of its own is of the one family',
    spec: { clusterIP: 'None', selector: { a: 'b' } },
    want: { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  },
])('families of services: $name', ({ spec, want }) => {
  const made = service(spec);
  expect(settleFamilies(made, undefined)).toEqual([]);
  expect(made.spec).toMatchObject(want);
});

test.each<{ name: string; spec: ServiceSpec; want: string }>([
  {
    name: 'two families',
    spec: { ipFamilyPolicy: 'RequireDualStack' },
    want: 'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  },
  {
    name: 'a family that the cluster does not have',
    spec: { ipFamilies: ['IPv6'] },
    want: 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  },
  {
    name: 'an address of a family that the cluster does not have',
    spec: { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] },
    want: 'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
  },
  {
    name: 'two families under a policy of one',
    spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
    want: `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
  },
])('services are refused $name', ({ spec, want }) => {
  expect(settleFamilies(service(spec), undefined).map(({ field, body }) => `${field}: ${body}`)).toEqual([want]);
});
