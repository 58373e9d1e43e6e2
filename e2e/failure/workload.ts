// The workload that the tests of failing nodes watch over: one web server a worker, spread, that moves away from a lost node
// after a second.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import type { NodesCluster } from '../support/nodes-cluster.ts';

export const NODE_PORT = 30090;
export const REPLICAS = 3;
const labels = { app: 'web' };
const leaveAfterASecond = (key: string) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
});

const objects = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 10,
          tolerations: [leaveAfterASecond('not-ready'), leaveAfterASecond('unreachable')],
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [
            {
              name: 'web',
              image: SAMPLE_IMAGE,
              imagePullPolicy: 'Never',
              env: [{ name: 'GREETING', value: 'hello' }],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
              lifecycle: { preStop: { exec: { command: ['sleep', '2'] } } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 'http', nodePort: NODE_PORT }] },
  },
];

/** Applies it and waits until every replica serves. */
export async function applyWorkload(cluster: NodesCluster): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-workload-'));
  try {
    const file = join(directory, 'workload.yaml');
    writeFileSync(file, objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n'));
    await cluster.must('apply', '-f', file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  await cluster.must('rollout', 'status', 'deployment/web', '--timeout=90s');
}

export interface PlacedPod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
  readonly ready: boolean;
  readonly ending: boolean;
}

export async function webPods(cluster: NodesCluster): Promise<PlacedPod[]> {
  const columns = [
    'NAME:.metadata.name',
    'NODE:.spec.nodeName',
    'IP:.status.podIP',
    'READY:.status.conditions[?(@.type=="Ready")].status',
    'ENDING:.metadata.deletionTimestamp',
  ].join(',');
  const listed = await cluster.must('get', 'pods', '-l', 'app=web', '--no-headers', '-o', `custom-columns=${columns}`);
  return listed
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', node = '', address = '', ready, ending] = line.split(/\s+/);
      return { name, node, address, ready: ready === 'True', ending: ending !== '<none>' };
    });
}

/** The nodes of the pods that serve, one entry a pod. */
export async function servingNodes(cluster: NodesCluster): Promise<string[]> {
  return (await webPods(cluster)).filter(({ ready, ending }) => ready && !ending).map(({ node }) => node);
}

/** Addresses of the endpoints that the Service may use now. */
export async function readyEndpoints(cluster: NodesCluster): Promise<string[]> {
  const listed = await cluster.must(
    'get',
    'endpointslices',
    '-l',
    'kubernetes.io/service-name=web',
    '-o',
    'jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\\n"}{end}',
  );
  return listed.split('\n').filter((line) => line !== '');
}

/** Any worker's address answers at the Service's port; the control plane's stays when workers go. */
export function serviceUrl(cluster: NodesCluster, node: string): string {
  const plan = cluster.record().containers.find(({ name }) => name === node);
  if (plan === undefined) throw new Error(`${node} is no node of ${cluster.name}`);
  return `http://${plan.address}:${NODE_PORT}/`;
}
