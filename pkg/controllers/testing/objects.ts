// Objects for the controllers' tests: complete enough to be of their type, with only what matters said by the test.
import type { Deployment, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Node, Pod, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { ObjectMeta } from '../../api/schema/generated/meta.v1.gen.ts';
import { controllerReference } from '../../api/meta/owner-references.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';

export const NOW = Date.parse('2026-01-01T12:00:00Z');

/** The time so many seconds before NOW. */
export function ago(seconds: number): string {
  return formatTime(NOW - seconds * 1000);
}

export function meta(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: ago(3600), ...more };
}

export interface PodSpecLine {
  readonly phase?: string;
  readonly node?: string;
  /** Seconds since it became ready; undefined: it is not. */
  readonly readyFor?: number;
  readonly terminating?: boolean;
  readonly owner?: KubeObject;
  readonly ip?: string;
  readonly meta?: Partial<ObjectMeta>;
  readonly restarts?: number;
  readonly spec?: Partial<Pod['spec']>;
}

export function pod(name: string, line: PodSpecLine = {}): Pod {
  const { readyFor, owner, ip } = line;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(name, {
      ...(line.terminating === true && { deletionTimestamp: ago(0) }),
      ...(owner !== undefined && { ownerReferences: [controllerReference(owner)] }),
      ...line.meta,
    }),
    spec: { containers: [{ name: 'c' }], ...(line.node !== undefined && { nodeName: line.node }), ...line.spec },
    status: {
      phase: line.phase ?? (readyFor === undefined ? 'Pending' : 'Running'),
      ...(ip !== undefined && { podIP: ip, podIPs: [{ ip }] }),
      conditions: [
        readyFor === undefined
          ? { type: 'Ready', status: 'False' }
          : { type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) },
      ],
      ...(line.restarts !== undefined && {
        containerStatuses: [{ name: 'c', restartCount: line.restarts, image: '', imageID: '', ready: true }],
      }),
    },
  };
}

export function replicaSet(
  name: string,
  spec: Partial<ReplicaSet['spec']> = {},
  more: Partial<ReplicaSet> = {},
): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta(name, { generation: 1 }),
    spec: { selector: { matchLabels: { app: 'web' } }, replicas: 1, template: template('v1'), ...spec },
    status: { replicas: 0 },
    ...more,
  };
}

export function template(image: string): Deployment['spec']['template'] {
  const metadata = { labels: { app: 'web' } };
  // A template's metadata has none of what the server fills in.
  return { metadata: metadata as unknown as ObjectMeta, spec: { containers: [{ name: 'c', image }] } };
}

export function deployment(spec: Partial<Deployment['spec']> = {}, more: Partial<Deployment> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('web', { generation: 1 }),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: template('v1'),
      ...spec,
    },
    status: {},
    ...more,
  };
}

export function node(name: string, ready: 'True' | 'False' | 'Unknown' | undefined, more: Partial<Node> = {}): Node {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready, lastHeartbeatTime: ago(5) }];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...meta(name), namespace: undefined },
    spec: {},
    status: { conditions },
    ...more,
  };
}

export function service(spec: Partial<Service['spec']> = {}, more: Partial<ObjectMeta> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('web', more),
    spec: { selector: { app: 'web' }, clusterIP: '10.0.0.1', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    status: {},
  };
}
