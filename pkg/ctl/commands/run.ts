// `run`: one pod out of an image, optionally with the caller's terminal attached.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure, UsageFailure } from '../cli/failure.ts';
import { arrayFlag, boolFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import {
  deletionFlags,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readCascade,
  readDryRun,
  saveConfigFlag,
} from '../cli/shared-flags.ts';
import { withSavedConfig } from '../apply/last-applied.ts';
import { newObject } from '../generators/workloads.ts';
import { isObject, nameOf, namespaceOf, number, object, objects, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import type { Place } from '../rest/api.ts';
import { isImageReference } from '../values/image-reference.ts';
import { pathOf } from '../rest/api.ts';
import { attachToPod } from './attach.ts';
import { deleteAndWait } from './delete-objects.ts';
import { dryRunSuffix } from './create-from-files.ts';

const POLL_MS = 200;

export const run = command({
  summary: 'Create and run a particular image in a pod',
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  examples: ['run web --image=nginx', 'run -i -t box --image=busybox --restart=Never --rm -- sh'],
  flags: {
    ...outputFlags,
    ...dryRunFlag,
    ...saveConfigFlag,
    ...fieldManagerFlag('kubectl-run'),
    ...filenameFlags,
    ...deletionFlags,
    annotations: arrayFlag('Annotations to apply to the pod.'),
    attach: boolFlag('Wait for the Pod to start running, and then attach to it.'),
    command: boolFlag("Use the extra arguments as the container's command and not as its args."),
    env: arrayFlag('Environment variables to set in the container.'),
    expose: boolFlag('Create a ClusterIP service for the pod.  Requires --port.'),
    image: stringFlag('The image for the container to run.'),
    'image-pull-policy': stringFlag('The image pull policy for the container.'),
    labels: stringFlag('Comma separated labels to apply to the pod.', { short: 'l' }),
    'leave-stdin-open': boolFlag('Leave stdin open after the first attach completes.'),
    'override-type': stringFlag('How --overrides changes the generated object: json, merge, or strategic.', {
      default: 'merge',
    }),
    overrides: stringFlag('An inline JSON patch for the generated object.'),
    'pod-running-timeout': durationFlag('How long to wait until the pod is running', {
      default: 60_000,
      shown: '1m0s',
    }),
    port: stringFlag('The port that this container exposes.'),
    privileged: boolFlag('Run the container in privileged mode.'),
    quiet: boolFlag('Suppress prompt messages.', { short: 'q' }),
    restart: stringFlag('The restart policy for this Pod: Always, OnFailure, Never.', { default: 'Always' }),
    rm: boolFlag('Delete the pod after it exits. Only valid when attaching to it.'),
    stdin: boolFlag('Keep stdin open on the container even if nothing is attached.', { short: 'i' }),
    tty: boolFlag('Allocate a TTY for the container in the pod.', { short: 't' }),
    wait: boolFlag('Accepted for compatibility.', { hidden: true }),
  },
  required: ['image'],
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const propagation = readCascade(flags.cascade);
    const [name, ...rest] = call.args;
    if (name === undefined) throw new UsageFailure('NAME is required for run');
    if (flags.image === '') throw new Failure('--image is required');
    if (!isImageReference(flags.image))
      throw new Failure(`Invalid image name ${JSON.stringify(flags.image)}: invalid reference format`);
    if (flags.tty && !flags.stdin) throw new UsageFailure('-i/--stdin is required for containers with -t/--tty=true');
    if (flags.expose && flags.port === '') throw new UsageFailure('--port must be set when exposing a service');
    if (!['Always', 'OnFailure', 'Never'].includes(flags.restart))
      throw new UsageFailure(`invalid restart policy: ${flags.restart}`);
    const attach = call.changed.has('attach') ? flags.attach : flags.stdin || flags.tty;
    if (flags.rm && !attach) throw new UsageFailure('--rm should only be used for attached containers');
    if (attach && dryRun !== 'none')
      throw new UsageFailure(
        "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
      );
    if (!['', 'Always', 'IfNotPresent', 'Never'].includes(flags['image-pull-policy']))
      throw new UsageFailure(`invalid image pull policy: ${flags['image-pull-policy']}`);
    if (flags.port !== '' && !/^[+-]?\d+$/.test(flags.port))
      throw new Failure(`strconv.Atoi: parsing ${JSON.stringify(flags.port)}: invalid syntax`);
    const made = await overridden(podFrom({ ...flags, name, words: rest }), flags.overrides, flags['override-type']);
    const { api, namespace } = await context.session();
    const placed = dryRun === 'client' && context.globals.namespace === '' ? made : inNamespace(made, namespace);
    const complete = flags['save-config'] ? withSavedConfig(placed) : placed;
    const print = await objectPrinter({
      flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      operation: 'created',
      dryRunSuffix: dryRunSuffix(dryRun),
      sorted: dryRun !== 'client',
    });
    if (dryRun === 'client') {
      if (flags.expose) {
        context.out.write(print(serviceFor(complete, Number(flags.port))));
        // kubectl divides them itself, and its printer does so again.
        if (flags.output === 'yaml') context.out.write('---\n');
      }
      context.out.write(print(complete));
      return 0;
    }
    const resource = (await api.resources()).require('pods');
    const query = { fieldManager: flags['field-manager'], dryRun: dryRun === 'server' ? 'All' : undefined };
    const created = await api.create({ resource, namespace, name: '' }, complete, query);
    if (flags.expose) await exposePod(created, Number(flags.port), print, context);
    if (!attach || dryRun === 'server') {
      context.out.write(print(created));
      return 0;
    }
    const place: Place = { resource, namespace, name };
    try {
      return await attachTo(
        place,
        {
          stdin: flags.stdin,
          tty: flags.tty,
          quiet: flags.quiet,
          untilEnd: !flags['leave-stdin-open'] && flags.restart !== 'Always',
          timeoutMs: flags['pod-running-timeout'],
        },
        context,
      );
    } finally {
      if (flags.rm) {
        await deleteAndWait(api, place, { propagation }, context);
        if (!flags.quiet) context.out.write(`pod ${JSON.stringify(name)} deleted from ${namespace} namespace\n`);
      }
    }
  },
});

interface PodRequest {
  readonly name: string;
  readonly words: readonly string[];
  readonly image: string;
  readonly labels: string;
  readonly annotations: readonly string[];
  readonly env: readonly string[];
  readonly port: string;
  readonly command: boolean;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly 'leave-stdin-open': boolean;
  readonly restart: string;
  readonly privileged: boolean;
  readonly 'image-pull-policy': string;
}

/** Pure: the pod that the flags describe, fields in the order of Kubernetes' Go types. */
export function podFrom(request: PodRequest): JsonObject {
  const labels = request.labels === '' ? { run: request.name } : assignments(request.labels.split(','), 'label');
  const annotations = assignments(request.annotations, 'annotation');
  const env = request.env.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new Failure(`invalid env: ${pair}`);
    return { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
  });
  const container: JsonObject = {
    name: request.name,
    image: request.image,
    ...(request.words.length > 0 && { [request.command ? 'command' : 'args']: [...request.words] }),
    ...(request.port !== '' && { ports: [{ containerPort: Number(request.port) }] }),
    ...(env.length > 0 && { env }),
    resources: {},
    ...(request['image-pull-policy'] !== '' && { imagePullPolicy: request['image-pull-policy'] }),
    ...(request.privileged && { securityContext: { privileged: true } }),
    ...(request.stdin && { stdin: true }),
    ...(request.stdin && !request['leave-stdin-open'] && { stdinOnce: true }),
    ...(request.tty && { tty: true }),
  };
  const metadata = {
    name: request.name,
    labels,
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  const spec = { containers: [container], restartPolicy: request.restart, dnsPolicy: 'ClusterFirst' };
  return newObject('v1', 'Pod', metadata, { spec, status: {} });
}

function assignments(pairs: readonly string[], what: string): JsonObject {
  const found: JsonObject = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new Failure(`unexpected ${what} spec: ${pair}`);
    found[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return found;
}

async function overridden(pod: JsonObject, overrides: string, type: string): Promise<JsonObject> {
  if (overrides === '') return pod;
  const { overriddenPod } = await import('../generators/overrides.ts');
  return overriddenPod(pod, overrides, type);
}

function inNamespace(pod: JsonObject, namespace: string): JsonObject {
  const metadata = pod['metadata'];
  const { name, ...rest } = isObject(metadata) ? metadata : {};
  return { ...pod, metadata: { name: name ?? '', namespace, ...rest } };
}

async function exposePod(
  pod: JsonObject,
  port: number,
  print: (object: JsonObject) => string,
  context: Context,
): Promise<void> {
  const { api, namespace } = await context.session();
  const resource = (await api.resources()).require('services');
  context.out.write(print(await api.create({ resource, namespace, name: '' }, serviceFor(pod, port))));
}

function serviceFor(pod: JsonObject, port: number): JsonObject {
  const namespace = namespaceOf(pod);
  return newObject(
    'v1',
    'Service',
    { name: nameOf(pod), ...(namespace !== '' && { namespace }) },
    {
      spec: {
        ports: [{ protocol: 'TCP', port, targetPort: port }],
        selector: object(pod, 'metadata', 'labels'),
      },
      status: { loadBalancer: {} },
    },
  );
}

interface AttachSettings {
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
  /** Whether how the pod ends is how we end: not when it is to be started again or left open. */
  readonly untilEnd: boolean;
  readonly timeoutMs: number;
}

/** Attaches when the pod is ready, or shows its log when it has ended by then. Answers the pod's exit code. */
async function attachTo(place: Place, how: AttachSettings, context: Context): Promise<number> {
  const pod = await awaitPod(place, (found) => ended(found) || ready(found), how.timeoutMs, context);
  if (ended(pod)) await printLog(place, context);
  else
    try {
      await attachToPod(pod, { ...how, container: '' }, context);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.err.write(
        `warning: couldn't attach to pod/${place.name}, falling back to streaming logs: ${messageOf(error)}\n`,
      );
      await printLog(place, context);
    }
  if (!how.untilEnd) return 0;
  const always = text(pod, 'spec', 'restartPolicy') === 'OnFailure';
  const last = await awaitPod(
    place,
    (found) => (always ? text(found, 'status', 'phase') === 'Succeeded' : ended(found)),
    how.timeoutMs,
    context,
  );
  return exitCodeOfPod(last);
}

const ended = (pod: JsonObject) => ['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase'));
const ready = (pod: JsonObject) =>
  text(pod, 'status', 'phase') === 'Running' &&
  objects(pod, 'status', 'conditions').some(
    (condition) => text(condition, 'type') === 'Ready' && text(condition, 'status') === 'True',
  );

async function awaitPod(
  place: Place,
  is: (pod: JsonObject) => boolean,
  timeoutMs: number,
  context: Context,
): Promise<JsonObject> {
  const { api } = await context.session();
  const deadline = context.clock.now() + timeoutMs;
  for (;;) {
    const pod = await api.get(place);
    if (is(pod)) return pod;
    if (context.clock.now() > deadline) throw new Failure('timed out waiting for the condition');
    await context.clock.sleep(POLL_MS, context.signal);
  }
}

async function printLog(place: Place, context: Context): Promise<void> {
  const { api } = await context.session();
  const path = pathOf({ ...place, subresource: 'log' }, { container: place.name });
  for await (const chunk of await api.transport.stream({ method: 'GET', path }, context.signal))
    context.out.write(chunk);
}

/** Throws the sentence for a pod that failed, with its container's exit code. Exported for its test. */
export function exitCodeOfPod(pod: JsonObject): number {
  if (text(pod, 'status', 'phase') === 'Succeeded') return 0;
  const named = `pod ${namespaceOf(pod)}/${nameOf(pod)}`;
  const terminated = object(objects(pod, 'status', 'containerStatuses')[0] ?? {}, 'state', 'terminated');
  const exitCode = number(terminated, 'exitCode');
  if (exitCode === 0) throw new Failure(`${named} failed with unknown exit code`);
  throw new PlainFailure(`${named} terminated (${text(terminated, 'reason')})\n${text(terminated, 'message')}`, {
    exitCode,
  });
}
