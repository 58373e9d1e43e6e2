// Pods and nodes for tests: a row names only what matters to it.
import type { Node, Pod, Taint } from '../../api/schema/generated/core.v1.gen.ts';

export interface NodeWishes {
  readonly labels?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly more?: Record<string, string>;
  readonly images?: { names: string[]; sizeBytes: number }[];
}

export function node(name: string, wishes: NodeWishes = {}): Node {
  const { labels, taints, unschedulable, cpu = '4', memory = '8Gi', pods = '110', more, images } = wishes;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/hostname': name, ...labels },
    },
    spec: { ...(taints !== undefined && { taints }), ...(unschedulable !== undefined && { unschedulable }) },
    status: { allocatable: { cpu, memory, pods, 'ephemeral-storage': '100Gi', ...more }, ...(images && { images }) },
  };
}

export interface PodWishes {
  readonly labels?: Record<string, string>;
  readonly namespace?: string;
  readonly requests?: Record<string, string>;
  readonly hostPort?: number;
  readonly image?: string;
  readonly spec?: Partial<Pod['spec']>;
  readonly status?: Pod['status'];
  readonly metadata?: Partial<Pod['metadata']>;
}

export function pod(name: string, wishes: PodWishes = {}): Pod {
  const { labels = {}, namespace = 'default', requests, hostPort, image = 'app:1', spec, status, metadata } = wishes;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels,
      ...metadata,
    },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [
        {
          name: 'c',
          image,
          ...(requests !== undefined && { resources: { requests } }),
          ...(hostPort !== undefined && { ports: [{ containerPort: 80, hostPort }] }),
        },
      ],
      ...spec,
    },
    status: status ?? { phase: 'Pending' },
  };
}
