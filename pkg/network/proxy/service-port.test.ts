import { describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { ipv4, ipv6 } from './address-family.ts';
import { endpointsOf, servicePortsOf } from './service-port.ts';

describe('servicePortsOf', () => {
  test.each<{ name: string; spec: Partial<ServiceSpec>; labels?: Record<string, string> }>([
    { name: 'headless', spec: { clusterIP: 'None', clusterIPs: ['None'] } },
    { name: 'without an address yet', spec: { clusterIP: '' } },
    { name: 'an ExternalName', spec: { type: 'ExternalName', externalName: 'example.org' } },
    { name: "another proxy's", spec: {}, labels: { 'service.kubernetes.io/service-proxy-name': 'mesh' } },
    { name: 'of the other address family', spec: { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'] } },
  ])('has nothing for a Service that is $name', ({ spec, labels }) => {
    expect(servicePortsOf(testService('a', spec, { ...(labels !== undefined && { labels }) }), ipv4)).toEqual([]);
  });

  test('takes the addresses of its own family from a dual-stack Service', () => {
    const dual = testService('a', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] });
    expect(servicePortsOf(dual, ipv4)[0]?.clusterIps).toEqual(['10.96.0.1']);
    expect(servicePortsOf(dual, ipv6)[0]?.clusterIps).toEqual(['fd00::1']);
  });

  test.each<{ name: string; spec: Partial<ServiceSpec>; seconds: number | undefined }>([
    { name: 'none', spec: { sessionAffinity: 'None' }, seconds: undefined },
    { name: 'ClientIP without a timeout', spec: { sessionAffinity: 'ClientIP' }, seconds: 10_800 },
    {
      name: 'ClientIP with one',
      spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 7 } } },
      seconds: 7,
    },
  ])('reads session affinity: $name', ({ spec, seconds }) => {
    expect(servicePortsOf(testService('a', spec), ipv4)[0]?.affinitySeconds).toBe(seconds);
  });

  test('leaves out load balancer addresses that a proxy of the provider serves, and those of other types', () => {
    const ingress = ['198.51.100.1'];
    const balanced = testService('a', { type: 'LoadBalancer' }, { ingress });
    expect(servicePortsOf(balanced, ipv4)[0]?.loadBalancerIps).toEqual(ingress);
    balanced.status.loadBalancer = { ingress: [{ ip: '198.51.100.1', ipMode: 'Proxy' }] };
    expect(servicePortsOf(balanced, ipv4)[0]?.loadBalancerIps).toEqual([]);
    expect(servicePortsOf(testService('a', {}, { ingress }), ipv4)[0]?.loadBalancerIps).toEqual([]);
  });

  test('heeds an external policy only on a Service with a way in from outside', () => {
    const spec = { externalTrafficPolicy: 'Local' };
    expect(servicePortsOf(testService('a', spec), ipv4)[0]?.externalLocal).toBe(false);
    for (const way of [{ type: 'NodePort' }, { type: 'LoadBalancer' }, { externalIPs: ['198.51.100.1'] }])
      expect(servicePortsOf(testService('a', { ...spec, ...way }), ipv4)[0]?.externalLocal).toBe(true);
  });
});

describe('endpointsOf', () => {
  const http = { portName: 'http', protocol: 'tcp' } as const;

  test('matches ports by name and protocol, and takes the number of the slice', () => {
    const slice = testSlice('a', [testEndpoint('10.0.0.1')], {
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'http', port: 8081, protocol: 'UDP' },
        { name: 'other', port: 8082, protocol: 'TCP' },
      ],
    });
    expect(endpointsOf(http, [slice], ipv4).map(({ port }) => port)).toEqual([8080]);
  });

  test('counts an endpoint once that is in two slices, as ready if one says so', () => {
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const gone = testSlice('a', [testEndpoint('10.0.0.1', { state: 'gone' })], { ports });
    const ready = testSlice('a', [testEndpoint('10.0.0.1')], { ports, name: 'a-2' });
    for (const slices of [
      [gone, ready],
      [ready, gone],
    ]) {
      expect(endpointsOf(http, slices, ipv4)).toMatchObject([{ address: '10.0.0.1', ready: true }]);
    }
  });

  test('takes absent conditions as ready', () => {
    const slice = testSlice('a', [{ addresses: ['10.0.0.1'] }], { ports: [{ name: 'http', port: 80 }] });
    expect(endpointsOf(http, [slice], ipv4)).toMatchObject([{ ready: true, serving: true, terminating: false }]);
  });

  test('passes over slices of headless Services and of other families', () => {
    const ports = [{ name: 'http', port: 80 }];
    const headless = testSlice('a', [testEndpoint('10.0.0.1')], { ports });
    headless.metadata.labels = { 'service.kubernetes.io/headless': '' };
    const six = { ...testSlice('a', [testEndpoint('fd00::1')], { ports }), addressType: 'IPv6' };
    expect(endpointsOf(http, [headless, six], ipv4)).toEqual([]);
    expect(endpointsOf(http, [six], ipv6)).toMatchObject([{ address: 'fd00::1' }]);
  });
});
