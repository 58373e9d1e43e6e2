import { describe, expect, test } from 'vitest';
import type { Endpoints, Pod, Service } from '../../api/schema/generated/core.v1.gen.ts';
import { meta, pod, service } from '../testing/objects.ts';
import { planEndpoints } from './reconcile.ts';

const at = (name: string, ip: string, readyFor?: number, more: object = {}): Pod =>
  pod(name, { ip, node: 'n1', readyFor, ...more });

function stored(one: Service, pods: readonly Pod[], current?: Endpoints): Endpoints {
  const plan = planEndpoints(one, pods, current);
  if (plan === undefined) expect.fail('nothing was planned');
  const metadata = { ...meta(one.metadata.name), labels: { ...plan.labels }, annotations: { ...plan.annotations } };
  return { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: plan.subsets };
}

const brief = (endpoints: Endpoints) =>
  endpoints.subsets?.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
    ready: addresses.map(({ ip }) => ip),
    not: notReadyAddresses.map(({ ip }) => ip),
    ports: ports.map(({ port }) => port),
  }));

describe('endpoints', () => {
  test('have addresses that are ready and that are not, sorted, with what they refer to', () => {
    const made = stored(service({}, { labels: { team: 'x' } }), [
      at('b', '10.1.0.2', 5),
      at('c', '10.1.0.3'),
      at('a', '10.1.0.1', 5),
    ]);
    expect(made.metadata.labels).toEqual({ team: 'x', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    expect(made.subsets).toEqual([
      {
        addresses: ['a', 'b'].map((name, i) => ({
          ip: `10.1.0.${i + 1}`,
          nodeName: 'n1',
          targetRef: { kind: 'Pod', namespace: 'ns', name, uid: `uid-${name}` },
        })),
        notReadyAddresses: [
          { ip: '10.1.0.3', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: 'c', uid: 'uid-c' } },
        ],
        ports: [{ port: 80, protocol: 'TCP' }],
      },
    ]);
  });

  test.each([
    {
      name: 'leave out pods that are going',
      one: service(),
      pods: [at('a', '10.1.0.1', 5, { terminating: true })],
      want: [],
    },
    {
      name: 'keep them when all are to be published',
      one: service({ publishNotReadyAddresses: true }),
      pods: [at('a', '10.1.0.1', undefined, { terminating: true })],
      want: [{ ready: ['10.1.0.1'], not: [], ports: [80] }],
    },
    {
      name: 'put ports with the same addresses together',
      one: service({
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 443 },
        ],
      }),
      pods: [at('a', '10.1.0.1', 5)],
      want: [{ ready: ['10.1.0.1'], not: [], ports: [80, 443] }],
    },
    {
      name: 'need no ports when headless',
      one: service({ clusterIP: 'None', ports: [] }),
      pods: [at('a', '10.1.0.1', 5)],
      want: [{ ready: ['10.1.0.1'], not: [], ports: [] }],
    },
    {
      name: 'leave out ports that no container has',
      one: service({ ports: [{ port: 80, targetPort: 'nope' }] }),
      pods: [at('a', '10.1.0.1', 5)],
      want: [],
    },
  ])('$name', ({ one, pods, want }) => {
    expect(brief(stored(one, pods))).toEqual(want);
  });

  test('are written only when something changed', () => {
    const one = service();
    const made = stored(one, [at('a', '10.1.0.1', 5)]);
    expect(planEndpoints(one, [at('a', '10.1.0.1', 50)], made)).toBeUndefined();
    expect(planEndpoints(one, [at('a', '10.1.0.1')], made)).toBeDefined();
    expect(planEndpoints(service({}, { labels: { new: 'label' } }), [at('a', '10.1.0.1', 5)], made)).toBeDefined();
  });

  test('are cut at 1000 addresses, those that are not ready first, and say so', () => {
    const pods = Array.from({ length: 1200 }, (_, i) =>
      at(`p${i}`, `10.1.${i >> 8}.${i & 255}`, i < 900 ? 5 : undefined),
    );
    const made = stored(service(), pods);
    expect([made.subsets?.[0]?.addresses?.length, made.subsets?.[0]?.notReadyAddresses?.length]).toEqual([900, 100]);
    expect(made.metadata.annotations?.['endpoints.kubernetes.io/over-capacity']).toBe('truncated');
    expect(planEndpoints(service(), pods, made)).toBeUndefined();
    const fewer = stored(service(), pods.slice(0, 10), made);
    expect(fewer.metadata.annotations).not.toHaveProperty(['endpoints.kubernetes.io/over-capacity']);
  });
});
