// Objects made out of flags: deployments, jobs, cron jobs, pods, services. Field order is that of Kubernetes' Go types,
// because `-o json` shows it. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';

/** An object as typed clients print it. */
export function newObject(apiVersion: string, kind: string, metadata: JsonObject, rest: JsonObject): JsonObject {
  return { kind, apiVersion, metadata, ...rest };
}

export interface DeploymentRequest {
  readonly name: string;
  readonly images: readonly string[];
  readonly replicas: number;
  /** Of the first container; negative: none. */
  readonly port: number;
  readonly command: readonly string[];
}

export function deployment(request: DeploymentRequest): JsonObject {
  if (request.images.length > 1 && request.command.length > 0)
    throw new Failure('cannot specify multiple --image options and command');
  const labels = { app: request.name };
  const containers = request.images.map((image, index): JsonObject => ({
    name: containerName(image),
    image,
    ...(request.command.length > 0 && { command: [...request.command] }),
    ...(request.port >= 0 && index === 0 && { ports: [{ containerPort: request.port }] }),
    resources: {},
  }));
  return newObject(
    'apps/v1',
    'Deployment',
    { name: request.name, labels: { ...labels } },
    {
      spec: {
        replicas: request.replicas,
        selector: { matchLabels: { ...labels } },
        template: { metadata: { labels: { ...labels } }, spec: { containers } },
        strategy: {},
      },
      status: {},
    },
  );
}

/** The last part of an image's name, without tag and digest. */
export function containerName(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last
    .replace(/[@:].*$/, '')
    .replaceAll('_', '-')
    .toLowerCase();
}

export function job(name: string, image: string, command: readonly string[]): JsonObject {
  return newObject(
    'batch/v1',
    'Job',
    { name },
    {
      spec: { template: jobTemplate(name, image, command, 'Never') },
      status: {},
    },
  );
}

export function cronJob(request: {
  name: string;
  image: string;
  schedule: string;
  restart: string;
  command: readonly string[];
}): JsonObject {
  return newObject(
    'batch/v1',
    'CronJob',
    { name: request.name },
    {
      spec: {
        schedule: request.schedule,
        jobTemplate: {
          metadata: { name: request.name },
          spec: { template: jobTemplate(request.name, request.image, request.command, request.restart || 'OnFailure') },
        },
      },
      status: {},
    },
  );
}

function jobTemplate(name: string, image: string, command: readonly string[], restartPolicy: string): JsonObject {
  return {
    metadata: {},
    spec: {
      containers: [{ name, image, ...(command.length > 0 && { command: [...command] }), resources: {} }],
      restartPolicy,
    },
  };
}

/** A job that runs now what a cron job runs on schedule. */
export function jobFromCronJob(name: string, source: JsonObject): JsonObject {
  const spec = source['spec'];
  const template = isRecord(spec) && isRecord(spec['jobTemplate']) ? spec['jobTemplate'] : {};
  const metadata = isRecord(template['metadata']) ? template['metadata'] : {};
  const owner = isRecord(source['metadata']) ? source['metadata'] : {};
  return newObject(
    'batch/v1',
    'Job',
    {
      name,
      ...(metadata['labels'] !== undefined && { labels: metadata['labels'] }),
      annotations: {
        'cronjob.kubernetes.io/instantiate': 'manual',
        ...(isRecord(metadata['annotations']) ? metadata['annotations'] : {}),
      },
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: owner['name'] ?? '',
          uid: owner['uid'] ?? '',
          controller: true,
        },
      ],
    },
    { spec: template['spec'] ?? {}, status: {} },
  );
}

function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ServiceRequest {
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** `port` or `port:targetPort`. */
  readonly tcp: readonly string[];
  readonly clusterIP: string;
  readonly nodePort: number;
  readonly externalName: string;
}

export function service(request: ServiceRequest): JsonObject {
  const ports = request.tcp.map((text) => servicePort(text, request.nodePort));
  const headless = request.clusterIP === 'None';
  if (ports.length === 0 && !headless && request.type !== 'ExternalName')
    throw new Failure('at least one tcp port specifier must be provided');
  const labels = { app: request.name };
  return newObject(
    'v1',
    'Service',
    { name: request.name, labels: { ...labels } },
    {
      spec: {
        ...(ports.length > 0 && { ports }),
        selector: { ...labels },
        ...(request.clusterIP !== '' && { clusterIP: request.clusterIP }),
        type: request.type,
        ...(request.externalName !== '' && { externalName: request.externalName }),
      },
      status: { loadBalancer: {} },
    },
  );
}

function servicePort(text: string, nodePort: number): JsonObject {
  const [portText = '', targetText] = text.split(':');
  const port = portNumber(portText);
  const target = targetText === undefined ? port : /^\d+$/.test(targetText) ? portNumber(targetText) : targetText;
  if (typeof target === 'string' && !/^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(target))
    throw new Failure(`must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`);
  return {
    name: text.replaceAll(':', '-'),
    protocol: 'TCP',
    port,
    targetPort: target,
    ...(nodePort > 0 && { nodePort }),
  };
}

function portNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Failure(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  const port = Number(text);
  if (port < 0 || port > 65_535) throw new Failure(`must be between 1 and 65535, inclusive`);
  return port;
}
