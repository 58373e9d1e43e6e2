// What Kubernetes refuses and warns of in Services, rule by rule.
import { expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../schema/generated/core.v1.gen.ts';
import { serviceKind } from './service.ts';

function service(spec: ServiceSpec, annotations?: Record<string, string>): Service {
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 's',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2024-01-01T00:00:00Z',
      ...(annotations !== undefined && { annotations }),
    },
    spec: { ports: [{ port: 80 }], ...spec },
    status: {},
  };
  serviceKind.setDefaults(made);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

test.each<{ rule: string; made: Service; want: string }>([
  {
    rule: 'addresses are those of the families',
    made: service({ clusterIP: 'fd00::1', clusterIPs: ['fd00::1'], ipFamilies: ['IPv4'] }),
    want: 'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
  },
  {
    rule: 'two addresses are of two families',
    made: service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] }),
    want: 'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
  },
  {
    rule: 'None stands alone',
    made: service({ clusterIP: 'None', clusterIPs: ['None', '10.0.0.2'] }),
    want: `spec.clusterIPs: Invalid value: ["None","10.0.0.2"]: 'None' must be the first and only value`,
  },
  {
    rule: 'the lists need the single address',
    made: service({ clusterIPs: ['10.0.0.1'] }),
    want: 'spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified',
  },
  {
    rule: 'source ranges are ranges',
    made: service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8', 'x'] }),
    want: 'spec.LoadBalancerSourceRanges[1]: Invalid value: "x": must be a valid CIDR value',
  },
  {
    rule: 'annotated source ranges are for load balancers',
    made: service({}, { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8' }),
    want: 'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used',
  },
  {
    rule: 'a health check port is for local load balancers',
    made: service({ type: 'NodePort', healthCheckNodePort: 30_000 }),
    want: "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer'",
  },
  {
    rule: 'node ports are for load balancers that want them',
    made: service({ allocateLoadBalancerNodePorts: true }),
    want: "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
  },
  {
    rule: 'an external address is not unspecified',
    made: service({ externalIPs: ['0.0.0.0'] }),
    want: 'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
  },
  {
    rule: 'two ways of asking for hints agree',
    made: service(
      {},
      {
        'service.kubernetes.io/topology-aware-hints': 'Auto',
        'service.kubernetes.io/topology-mode': 'Disabled',
      },
    ),
    want: 'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Disabled": must match annotations[',
  },
  {
    rule: 'an address stays within its time',
    made: service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } }),
    want: 'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than',
  },
])('$rule', ({ made, want }) => {
  expect(lines(serviceKind.validate(made))).toContainEqual(expect.stringContaining(want));
});

test.each<{ rule: string; next: ServiceSpec; old: ServiceSpec; want: string }>([
  {
    rule: 'the health check port of a load balancer stays',
    old: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_001 },
    next: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_002 },
    want: 'spec.healthCheckNodePort: Forbidden: field is immutable',
  },
  {
    rule: 'the class of a load balancer stays',
    old: { type: 'LoadBalancer', loadBalancerClass: 'a.b/c' },
    next: { type: 'LoadBalancer', loadBalancerClass: 'a.b/d' },
    want: 'spec.loadBalancerClass: Invalid value: "a.b/d": may not change once set',
  },
  {
    rule: 'a family stays',
    old: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'] },
    next: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv6'] },
    want: 'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
  },
  {
    rule: 'an address is not taken back',
    old: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'] },
    next: { ipFamilies: ['IPv4'] },
    want: 'spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset',
  },
])('$rule', ({ next, old, want }) => {
  expect(lines(serviceKind.validateUpdate(service(next), service(old)))).toContainEqual(want);
});

test.each<{ rule: string; spec: ServiceSpec; ingress: object; want: string[] }>([
  {
    rule: 'what a balancer has is for balancers',
    spec: {},
    ingress: { ip: '1.2.3.4', ipMode: 'VIP' },
    want: ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
  },
  {
    rule: 'a host name is none of addresses',
    spec: { type: 'LoadBalancer' },
    ingress: { hostname: '1.2.3.4' },
    want: ['status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  },
  {
    rule: 'a mode is one of an address',
    spec: { type: 'LoadBalancer' },
    ingress: { hostname: 'a.b', ipMode: 'VIP' },
    want: ['status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set'],
  },
])('$rule', ({ spec, ingress, want }) => {
  const made = service(spec);
  made.status = { loadBalancer: { ingress: [ingress] } };
  expect(lines(serviceKind.validateStatusUpdate(made, service(spec)))).toEqual(want);
});

test.each<{ what: string; spec: ServiceSpec; want: string }>([
  {
    what: 'affinity of a headless service',
    spec: { clusterIP: 'None', clusterIPs: ['None'], sessionAffinity: 'ClientIP' },
    want: 'spec.SessionAffinity is ignored for headless services',
  },
  {
    what: 'an external name that is not used',
    spec: { externalName: 'a.b' },
    want: 'spec.externalName is ignored when spec.type is not "ExternalName"',
  },
  {
    what: 'a range that may mean one address',
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.1.2.3/8'] },
    want: 'spec.loadBalancerSourceRanges[0]: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
  },
])('warns of $what', ({ spec, want }) => {
  expect(serviceKind.warnings(service(spec), undefined)).toEqual([want]);
});
