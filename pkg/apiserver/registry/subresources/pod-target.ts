// What log, exec, attach and port-forward of a pod mean: which container on which kubelet, under which path there.
// k8s.io/kubernetes pkg/registry/core/pod/strategy.go (LogLocation, ExecLocation, ...).
import type { Node, Pod } from '../../../api/schema/generated/core.v1.gen.ts';
import { ApiError } from '../../../api/meta/status.ts';
import { badRequest } from '../../http-errors.ts';
import { integerOf } from '../query-values.ts';
import type { ResourceApi } from '../resource-api.ts';
import { kubeletAddress, type KubeletAddress } from './kubelet-connections.ts';

export interface PodTarget {
  readonly address: KubeletAddress;
  /** Path with query. */
  readonly path: string;
}

type Streaming = 'exec' | 'attach' | 'portforward';

/** Throws 404 and 400 with Kubernetes' sentences. Undefined: the pod is on no node, so it has no log yet. */
export async function logTarget(
  api: ResourceApi,
  namespace: string,
  name: string,
  query: URLSearchParams,
): Promise<PodTarget | undefined> {
  const pod = await podNamed(api, namespace, name);
  checkLogOptions(query);
  const container = containerOf(pod, query.get('container') ?? '', 'log');
  if (!pod.spec.nodeName) return undefined;
  const address = await addressOf(api, pod.spec.nodeName);
  const passed = new URLSearchParams();
  for (const option of LOG_OPTIONS) for (const value of query.getAll(option)) passed.append(option, value);
  return { address, path: pathTo('containerLogs', [namespace, name, container], passed) };
}

export async function streamTarget(
  api: ResourceApi,
  namespace: string,
  name: string,
  subresource: Streaming,
  query: URLSearchParams,
): Promise<PodTarget> {
  const pod = await podNamed(api, namespace, name);
  const passed = new URLSearchParams();
  if (subresource === 'portforward') {
    for (const port of query.getAll('ports')) passed.append('port', port);
    const address = await addressOf(api, scheduledNode(pod));
    return { address, path: pathTo('portForward', [namespace, name], passed) };
  }
  const container = containerOf(pod, query.get('container') ?? '', subresource);
  for (const [ours, theirs] of STREAM_OPTIONS) if (isSet(query.get(ours))) passed.append(theirs, '1');
  for (const command of query.getAll('command')) passed.append('command', command);
  const address = await addressOf(api, scheduledNode(pod));
  return { address, path: pathTo(subresource, [namespace, name, container], passed) };
}

const LOG_OPTIONS: readonly string[] = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
];
const STREAM_OPTIONS: readonly (readonly [string, string])[] = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
];

function isSet(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

async function podNamed(api: ResourceApi, namespace: string, name: string): Promise<Pod> {
  const served = api.kindOf('', 'pods');
  if (served === undefined)
    throw new ApiError('NotFound', 'the server could not find the requested resource', { details: {} });
  // The kind's objects are pods.
  return (await api.parts.reader.get(served, namespace, name)).value as Pod;
}

function scheduledNode(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

async function addressOf(api: ResourceApi, nodeName: string): Promise<KubeletAddress> {
  const served = api.kindOf('', 'nodes');
  const node = served === undefined ? undefined : await api.parts.reader.find(served, '', nodeName);
  if (node === undefined)
    throw new ApiError('NotFound', `nodes ${JSON.stringify(nodeName)} not found`, {
      details: { name: nodeName, kind: 'nodes' },
    });
  return kubeletAddress(node.value as Node);
}

/** The named container, or the only one. */
function containerOf(pod: Pod, asked: string, doing: 'log' | 'exec' | 'attach'): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const name = pod.metadata.name;
  if (asked !== '') {
    if ([...containers, ...initContainers, ...ephemeralContainers].some((container) => container.name === asked))
      return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only.name;
  if (only !== undefined && doing !== 'log') return preferred(pod) ?? only.name;
  const named = preferred(pod);
  if (named !== undefined) return named;
  const names = containers.map((container) => container.name).join(' ');
  const inits =
    initContainers.length === 0
      ? ''
      : ` or one of the init containers: [${initContainers.map((container) => container.name).join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names}]${inits}`);
}

/** What `kubectl.kubernetes.io/default-container` says, if there is such a container. */
function preferred(pod: Pod): string | undefined {
  const named = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  return pod.spec.containers.some(({ name }) => name === named) ? named : undefined;
}

function checkLogOptions(query: URLSearchParams): void {
  const tail = integerOf(query, 'tailLines');
  const limit = integerOf(query, 'limitBytes');
  const since = integerOf(query, 'sinceSeconds');
  const faults = [
    ...(tail !== undefined && tail < 0 ? [fault('tailLines', tail, 'must be greater than or equal to 0')] : []),
    ...(limit !== undefined && limit < 1 ? [fault('limitBytes', limit, 'must be greater than 0')] : []),
    ...(since !== undefined && query.has('sinceTime')
      ? [
          {
            reason: 'FieldValueForbidden',
            message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
            field: '',
          },
        ]
      : []),
    ...(since !== undefined && since < 1 ? [fault('sinceSeconds', since, 'must be greater than 0')] : []),
  ];
  if (faults.length === 0) return;
  const lines = faults.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  throw new ApiError('Invalid', `PodLogOptions "" is invalid: ${text}`, {
    details: { kind: 'PodLogOptions', causes: faults },
  });
}

function fault(field: string, value: number, why: string): { reason: string; message: string; field: string } {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${why}`, field };
}

function pathTo(kind: string, parts: readonly string[], query: URLSearchParams): string {
  const path = `/${[kind, ...parts.map((part) => encodeURIComponent(part))].join('/')}`;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
