// The pods and containers that `debug` asks the server for: a pod with one container more, a changed copy of a pod, a pod
// in the namespaces of a node. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';
import { schemaOf } from '../../api/schema/object-schema.ts';
import { Failure } from '../cli/failure.ts';
import { asJson, isObject, nameOf, namespaceOf, object, objects, text } from '../objects/access.ts';
import { applyProfile, type Keep, type Profile, type Style } from './profiles.ts';

export interface DebugRequest {
  readonly profile: Profile;
  readonly keep: Keep;
  /** A partial container that is merged over the profile's. */
  readonly custom: JsonObject | undefined;
  readonly image: string;
  readonly pullPolicy: string;
  readonly env: readonly (readonly [string, string])[];
  readonly words: readonly string[];
  /** Whether the words are arguments and not the command. */
  readonly argumentsOnly: boolean;
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface CopyRequest {
  readonly name: string;
  readonly sameNode: boolean;
  /** Undefined: as the original. */
  readonly shareProcesses: boolean | undefined;
  readonly setImages: ReadonlyMap<string, string>;
}

/** The names of all containers of a pod. */
export function namesOfContainers(pod: JsonObject): Set<string> {
  const fields = ['containers', 'initContainers', 'ephemeralContainers'];
  return new Set(fields.flatMap((field) => objects(pod, 'spec', field).map((one) => text(one, 'name'))));
}

function newContainer(name: string, request: DebugRequest): JsonObject {
  return {
    name,
    image: request.image,
    ...wordsOf(request),
    ...envOf(request),
    ...(request.pullPolicy !== '' && { imagePullPolicy: request.pullPolicy }),
    terminationMessagePolicy: 'File',
    ...(request.stdin && { stdin: true }),
    ...(request.tty && { tty: true }),
  };
}

function wordsOf({ words, argumentsOnly }: DebugRequest): JsonObject {
  if (words.length === 0) return {};
  return { [argumentsOnly ? 'args' : 'command']: [...words] };
}

function envOf({ env }: DebugRequest): JsonObject {
  return env.length === 0
    ? {}
    : { env: env.map(([name, value]): JsonObject => (value === '' ? { name } : { name, value })) };
}

/** The pod with the container in it. */
export function withEphemeralContainer(
  pod: JsonObject,
  name: string,
  target: string,
  request: DebugRequest,
): JsonObject {
  const debugged = structuredClone(pod);
  const container = { ...newContainer(name, request), ...(target !== '' && { targetContainerName: target }) };
  const spec = object(debugged, 'spec');
  spec['ephemeralContainers'] = [...objects(spec, 'ephemeralContainers'), container];
  finish(debugged, name, 'ephemeral', request);
  return debugged;
}

export function nodePod(node: string, name: string, container: string, request: DebugRequest): JsonObject {
  const pod: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'kubectl-debug' } },
    spec: {
      containers: [newContainer(container, request)],
      nodeName: node,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
    },
  };
  finish(pod, container, 'node', request);
  return pod;
}

/**
 * The copy, and the container in it that is debugged: empty when only images were changed. `newName` is asked when a
 * container without a name is added.
 */
export function podCopy(
  pod: JsonObject,
  wanted: string,
  copy: CopyRequest,
  request: DebugRequest,
  newName: () => string,
): { pod: JsonObject; container: string } {
  const copied = copyOf(pod, copy);
  const spec = object(copied, 'spec');
  const fields = ['containers', 'initContainers'];
  let container = fields
    .flatMap((field) => objects(spec, field))
    .find((one) => wanted !== '' && text(one, 'name') === wanted);
  if (container === undefined) {
    if (request.image === '') {
      if (copy.setImages.size > 0) return { pod: copied, container: '' };
      throw new Failure('you must specify image when creating new container');
    }
    container = { name: wanted === '' ? newName() : wanted, terminationMessagePolicy: 'File' };
    spec['containers'] = [...objects(spec, 'containers'), container];
  }
  change(container, request);
  const name = text(container, 'name');
  finish(copied, name, 'copy', request);
  return { pod: copied, container: name };
}

function copyOf(pod: JsonObject, copy: CopyRequest): JsonObject {
  const { annotations, labels } = object(pod, 'metadata');
  const { ephemeralContainers: _, nodeName, ...rest } = structuredClone(object(pod, 'spec'));
  const spec: JsonObject = { ...rest };
  if (copy.sameNode && nodeName !== undefined) spec['nodeName'] = nodeName;
  if (copy.shareProcesses !== undefined) spec['shareProcessNamespace'] = copy.shareProcesses;
  for (const container of objects(spec, 'containers')) {
    const image = copy.setImages.get(text(container, 'name')) ?? copy.setImages.get('*');
    if (image !== undefined) container['image'] = image;
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: copy.name,
      namespace: namespaceOf(pod),
      ...(annotations !== undefined && { annotations }),
      ...(labels !== undefined && { labels }),
    },
    spec,
  };
}

function change(container: JsonObject, request: DebugRequest): void {
  if (request.words.length > 0 && !request.argumentsOnly) delete container['args'];
  Object.assign(container, wordsOf(request), envOf(request));
  if (request.image !== '') container['image'] = request.image;
  if (request.pullPolicy !== '') container['imagePullPolicy'] = request.pullPolicy;
  container['stdin'] = request.stdin;
  container['tty'] = request.tty;
}

/** The profile, and over it what the user says of the container. */
function finish(pod: JsonObject, container: string, style: Style, request: DebugRequest): void {
  applyProfile(pod, { profile: request.profile, style, container, keep: request.keep });
  if (request.custom === undefined) return;
  const field = style === 'ephemeral' ? 'ephemeralContainers' : 'containers';
  const spec = object(pod, 'spec');
  const type = schemaOf('core.v1.Container');
  const { custom } = request;
  spec[field] = objects(spec, field).map((one): Json => {
    if (text(one, 'name') !== container) return one;
    const merged = asJson(applyStrategicMerge(one, { ...custom, name: container }, type));
    return isObject(merged) ? merged : one;
  });
}

/** Whether the pod's user keeps the container from using what the profile grants. */
export function losesRights(pod: JsonObject, containerName: string): boolean {
  const user = object(pod, 'spec', 'securityContext')['runAsUser'];
  if (typeof user !== 'number' || user === 0) return false;
  const container = ['containers', 'ephemeralContainers']
    .flatMap((field) => objects(pod, 'spec', field))
    .find((one) => nameOfContainer(one) === containerName);
  const context = object(container, 'securityContext');
  if (context['runAsUser'] === 0) return false;
  return context['privileged'] === true || 'add' in object(context, 'capabilities');
}

const nameOfContainer = (container: JsonObject) => text(container, 'name');

/** `node-debugger-NODE-xxxxx`. */
export function nodePodName(node: JsonObject, suffix: string): string {
  return `node-debugger-${nameOf(node)}-${suffix}`;
}
