import { expect, test } from 'vitest';
import type { IngressSpec, NetworkPolicySpec } from '../../schema/generated/networking.v1.gen.ts';
import { ingressKind } from './ingress.ts';
import { networkPolicyKind } from './network-policy.ts';

const METADATA = {
  name: 'x',
  namespace: 'ns',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2024-01-01T00:00:00Z',
};
const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

function policy(spec: NetworkPolicySpec) {
  const made = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: METADATA, spec };
  networkPolicyKind.setDefaults(made);
  return made;
}

test.each<{ spec: NetworkPolicySpec; want: string[] }>([
  { spec: {}, want: ['Ingress'] },
  { spec: { egress: [{}] }, want: ['Ingress', 'Egress'] },
  { spec: { egress: [{}], policyTypes: ['Egress'] }, want: ['Egress'] },
])('the types of the policy $spec are $want', ({ spec, want }) => {
  expect(policy(spec).spec.policyTypes).toEqual(want);
});

test.each<{ spec: NetworkPolicySpec; want: string }>([
  {
    spec: { ingress: [{ ports: [{ port: 0 }] }] },
    want: 'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
  },
  {
    spec: { egress: [{ ports: [{ port: 80, endPort: 70 }] }] },
    want: 'spec.egress[0].ports[0].endPort: Invalid value: 70: must be greater than or equal to `port`',
  },
  { spec: { ingress: [{ from: [{}] }] }, want: 'spec.ingress[0].from[0]: Required value: must specify a peer' },
  {
    spec: { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    want: 'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
  },
  {
    spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] },
    want: 'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
  },
])('$want', ({ spec, want }) => {
  expect(lines(networkPolicyKind.validate(policy(spec)))).toContain(want);
});

function ingress(spec: IngressSpec) {
  const made = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: METADATA, spec, status: {} };
  ingressKind.setDefaults(made);
  return made;
}

const path = (text: string, pathType = 'Prefix'): IngressSpec => ({
  rules: [
    {
      host: 'a.example.com',
      http: { paths: [{ path: text, pathType, backend: { service: { name: 's', port: { number: 80 } } } }] },
    },
  ],
});

test.each<{ spec: IngressSpec; want: string }>([
  { spec: {}, want: 'spec: Invalid value: []: either `defaultBackend` or `rules` must be specified' },
  { spec: path('a'), want: 'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path' },
  { spec: path('/a//b'), want: `spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain '//'` },
  { spec: path('/', ''), want: 'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified' },
  {
    spec: { rules: [{ host: '1.2.3.4' }] },
    want: 'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  },
  {
    spec: { defaultBackend: { service: { name: 's' } } },
    want: 'spec.defaultBackend: Required value: port name or number is required',
  },
])('$want', ({ spec, want }) => {
  expect(lines(ingressKind.validate(ingress(spec)))).toContain(want);
});

test('a good ingress has no faults, and a wildcard host is one', () => {
  expect(ingressKind.validate(ingress(path('/')))).toEqual([]);
  expect(ingressKind.validate(ingress({ rules: [{ host: '*.example.com' }] }))).toEqual([]);
});
