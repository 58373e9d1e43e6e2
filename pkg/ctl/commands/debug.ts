// `debug`: a container to look around with, in a running pod, in a copy of it, or on a node.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { command, type Call, type Context } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure } from '../cli/failure.ts';
import { arrayFlag, boolFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { debugSession } from '../debug/debug-session.ts';
import {
  losesRights,
  namesOfContainers,
  nodePod,
  nodePodName,
  podCopy,
  withEphemeralContainer,
  type DebugRequest,
} from '../debug/debug-pods.ts';
import { PROFILES, profileOf } from '../debug/profiles.ts';
import { isObject, nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import { fetchTarget, visit, type Info } from '../resources/infos.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';
import { readTargets } from '../resources/targets.ts';
import { apiVersionOf } from '../rest/resources.ts';
import { isImageReference } from '../values/image-reference.ts';

const debugFlags = {
  'arguments-only': boolFlag('What stands behind -- are arguments of the container and not its command.'),
  attach: boolFlag('Wait for the container to start, and attach to it; on by itself with -i.'),
  container: stringFlag('Container name to use for debug container.', { short: 'c' }),
  'copy-to': stringFlag('Create a copy of the target Pod with this name.'),
  custom: stringFlag('File with a partial container, in JSON or YAML, that is merged over what the profile makes.'),
  env: arrayFlag('Environment variables to set in the container, as NAME=VALUE.', { shown: '[]' }),
  filename: listFlag('Files that say which resources to debug.', { short: 'f' }),
  image: stringFlag('Container image to use for debug container.'),
  'image-pull-policy': stringFlag("The image pull policy for the container; empty: the server's default."),
  'keep-annotations': boolFlag('With --copy-to: keep the original annotations.'),
  'keep-init-containers': boolFlag('With --copy-to: run the init containers too.', { default: true }),
  'keep-labels': boolFlag('With --copy-to: keep the original labels.'),
  'keep-liveness': boolFlag('With --copy-to: keep the original liveness probes.'),
  'keep-readiness': boolFlag('With --copy-to: keep the original readiness probes.'),
  'keep-startup': boolFlag('With --copy-to: keep the original startup probes.'),
  profile: stringFlag(`Which rights it has: ${PROFILES.join(', ')}.`, { default: 'legacy' }),
  quiet: boolFlag('Suppress informational messages.', { short: 'q' }),
  replace: boolFlag('With --copy-to: delete the original Pod.'),
  'same-node': boolFlag('With --copy-to: put the copy on the node of the original.'),
  'set-image': arrayFlag('With --copy-to: images of containers, as NAME=IMAGE; NAME may be *.', { shown: '[]' }),
  'share-processes': boolFlag('With --copy-to: let the containers of the copy see each other’s processes.', {
    default: true,
  }),
  stdin: boolFlag('Keep stdin open on the container(s) in the pod.', { short: 'i' }),
  target: stringFlag('Let an ephemeral container see the processes of this container.'),
  tty: boolFlag('Allocate a TTY for the debugging container.', { short: 't' }),
};

type DebugCall = Call<typeof debugFlags>;

export const debug = command({
  summary: 'Create debugging sessions for troubleshooting workloads and nodes',
  usage: '(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]',
  notes:
    'A pod gets one more, ephemeral, container; with --copy-to a changed copy of it is made. On a node a pod is started in its namespaces, with its file system at /host.',
  examples: [
    'debug mypod -it --image=busybox',
    'debug mypod -it --image=busybox --copy-to=my-debugger',
    'debug mypod -it --copy-to=my-debugger --container=mycontainer -- sh',
    'debug mypod --copy-to=my-debugger --set-image=*=busybox',
    'debug node/mynode -it --image=busybox --profile=sysadmin',
  ],
  flags: debugFlags,
  async run(call, context) {
    const { flags, args, dash } = call;
    const names = dash >= 0 && args.length > dash ? args.slice(0, dash) : args;
    const words = dash >= 0 && args.length > dash ? args.slice(dash) : [];
    const setImages = new Map(assignments('set-image', flags['set-image'], context));
    const request = await requestOf(call, words, context);
    const attach = call.changed.has('attach') ? flags.attach : flags.stdin;
    checkFlags(call, { names, words, setImages, attach }, request);
    if (flags.target !== '' && !flags.quiet)
      context.out.write(
        `Targeting container "${flags.target}". If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
      );
    if (flags.tty && !flags.stdin) throw new Failure('-i/--stdin is required for containers with -t/--tty=true');
    checkCustom(request.custom);
    if (flags.profile === 'legacy')
      context.err.write(
        '--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".\n',
      );
    await visit(await infosOf(names, flags.filename, context), async (info) => {
      const found = await start(info, { call, request, setImages }, context);
      if (attach && found.container !== '') await debugSession(found.pod, found.container, { ...flags }, context);
    });
    return 0;
  },
});

/** As pflag reads maps: a text with one equals sign is one pair, whatever else is in it. */
function assignments(flag: string, values: readonly string[], context: Context): [string, string][] {
  return values
    .flatMap((value) => (value.split('=').length === 2 ? [value.replace(/^"|"$/g, '')] : value.split(',')))
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals >= 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new PlainFailure(
        `error: invalid argument ${JSON.stringify(pair)} for "--${flag}" flag: ${pair} must be formatted as key=value\nSee '${context.path} --help' for usage.`,
      );
    });
}

async function requestOf({ flags }: DebugCall, words: readonly string[], context: Context): Promise<DebugRequest> {
  const env = assignments('env', flags.env, context);
  const profile = profileOf(flags.profile);
  if (profile === undefined) throw new Failure(`unknown profile: ${flags.profile}`);
  return {
    profile,
    keep: {
      labels: flags['keep-labels'],
      annotations: flags['keep-annotations'],
      liveness: flags['keep-liveness'],
      readiness: flags['keep-readiness'],
      startup: flags['keep-startup'],
      initContainers: flags['keep-init-containers'],
    },
    custom: flags.custom === '' ? undefined : await readCustom(flags.custom, context),
    image: flags.image,
    pullPolicy: flags['image-pull-policy'],
    env,
    words,
    argumentsOnly: flags['arguments-only'],
    stdin: flags.stdin,
    tty: flags.tty,
  };
}

async function readCustom(path: string, context: Context): Promise<JsonObject> {
  let content: string;
  try {
    content = await readFile(resolve(context.cwd, path), 'utf8');
  } catch (cause) {
    throw new Failure(
      `must pass a container spec json file for custom profile: open ${path}: no such file or directory`,
      { cause },
    );
  }
  try {
    const value = parseYamlValue(content);
    if (isObject(value)) return value;
    throw new SyntaxError('not an object');
  } catch (cause) {
    throw new Failure(`${path} does not contain a valid container spec: ${messageOf(cause)}`, { cause });
  }
}

function checkCustom(custom: JsonObject | undefined): void {
  if (custom === undefined) return;
  if (['name', 'command', 'image', 'lifecycle', 'volumeDevices'].some((field) => custom[field] !== undefined))
    throw new Failure('name, command, image, lifecycle and volume devices are not modifiable via custom profile');
}

function checkFlags(
  { flags, changed }: DebugCall,
  given: {
    readonly names: readonly string[];
    readonly words: readonly string[];
    readonly setImages: ReadonlyMap<string, string>;
    readonly attach: boolean;
  },
  { image, pullPolicy }: DebugRequest,
): void {
  const { names, words, setImages, attach } = given;
  if (attach && changed.has('attach') && image === '' && flags.container === '')
    throw new Failure('you must specify --container or create a new container using --image in order to attach.');
  if (flags['copy-to'] !== '') {
    if (image === '' && setImages.size === 0 && words.length === 0)
      throw new Failure('you must specify --image, --set-image or command arguments.');
    if (words.length > 0 && flags.container === '' && image === '')
      throw new Failure('you must specify an existing container or a new image when specifying args.');
  } else {
    if (flags.replace) throw new Failure('--replace may only be used with --copy-to.');
    if (flags['same-node']) throw new Failure('--same-node may only be used with --copy-to.');
    if (setImages.size > 0) throw new Failure('--set-image may only be used with --copy-to.');
    if (image === '') throw new Failure('you must specify --image when not using --copy-to.');
  }
  if (image !== '' && !isImageReference(image))
    throw new Failure(`invalid image name ${JSON.stringify(image)}: invalid reference format`);
  if (names.length === 0 && flags.filename.length === 0) throw new Failure('NAME or filename is required for debug');
  if (!['Always', 'IfNotPresent', 'Never', ''].includes(pullPolicy))
    throw new Failure(`invalid image pull policy: ${pullPolicy}`);
  for (const [name, wanted] of setImages)
    if (!isImageReference(wanted))
      throw new Failure(
        `invalid image name ${JSON.stringify(wanted)} for container ${JSON.stringify(name)}: invalid reference format`,
      );
  if (flags.target !== '' && flags['copy-to'] !== '')
    throw new Failure('--target is incompatible with --copy-to. Use --share-processes instead.');
}

/** Pods unless the argument says another type. */
async function infosOf(names: readonly string[], filenames: readonly string[], context: Context): Promise<Info[]> {
  const { api } = await context.session();
  const infos: Info[] = [];
  const requests =
    filenames.length > 0
      ? [{ args: names, filenames }]
      : names.map((name) => ({ args: [name.includes('/') ? name : `pods/${name}`] }));
  for (const request of requests) {
    const { targets, failures } = await readTargets(request, context);
    if (failures.length > 0) throw failures[0];
    for (const target of targets)
      infos.push(...(target.kind === 'manifest' ? [target] : await fetchTarget(api, target)));
  }
  return infos;
}

interface Started {
  readonly pod: JsonObject;
  /** Empty: there is none to attach to. */
  readonly container: string;
}

interface Plan {
  readonly call: DebugCall;
  readonly request: DebugRequest;
  readonly setImages: ReadonlyMap<string, string>;
}

async function start(info: Info, plan: Plan, context: Context): Promise<Started> {
  const { resource } = info;
  if (resource.kind === 'Node' && resource.group === '') return onNode(info, plan, context);
  if (resource.kind === 'Pod' && resource.group === '')
    return plan.call.flags['copy-to'] === '' ? inPod(info, plan, context) : inCopy(info, plan, context);
  throw new Failure(
    `${JSON.stringify(`${resource.group === '' ? '/' : ''}${apiVersionOf(resource)}, Kind=${resource.kind}`)} not supported by debug`,
  );
}

async function onNode({ object: node }: Info, { call: { flags }, request }: Plan, context: Context): Promise<Started> {
  const container = flags.container || 'debugger';
  const name = nodePodName(node, suffix(context));
  if (!flags.quiet)
    context.out.write(`Creating debugging pod ${name} with container ${container} on node ${nameOf(node)}.\n`);
  const { api, namespace } = await context.session();
  const resource = (await api.resources()).require('pods');
  const pod = await api.create({ resource, namespace, name: '' }, nodePod(nameOf(node), name, container, request));
  return { pod, container };
}

async function inPod(info: Info, { call: { flags }, request }: Plan, context: Context): Promise<Started> {
  const { api } = await context.session();
  const pod = info.object;
  const container = flags.container || newName(pod, flags.quiet, context);
  const debugged = withEphemeralContainer(pod, container, flags.target, request);
  warnOfRights(debugged, container, context);
  const place = { resource: info.resource, namespace: info.namespace, name: info.name };
  try {
    const changed = await api.patch({ ...place, subresource: 'ephemeralcontainers' }, 'strategic', added(debugged));
    return { pod: changed, container };
  } catch (error) {
    if (!isApiError(error, 'NotFound') || (error.status.details?.name ?? '') !== '') throw error;
    throw new Failure(
      `ephemeral containers are disabled for this cluster (error from server: ${JSON.stringify(error.message)})`,
      { cause: error },
    );
  }
}

/** The patch that adds the last of the pod's ephemeral containers behind the others. */
function added(debugged: JsonObject): JsonObject {
  const containers = objects(debugged, 'spec', 'ephemeralContainers');
  const order = containers.map((container) => ({ name: text(container, 'name') }));
  return { spec: { '$setElementOrder/ephemeralContainers': order, ephemeralContainers: containers.slice(-1) } };
}

async function inCopy(info: Info, { call, request, setImages }: Plan, context: Context): Promise<Started> {
  const { flags, changed } = call;
  const { api } = await context.session();
  const original = info.object;
  const copy = {
    name: flags['copy-to'],
    sameNode: flags['same-node'],
    shareProcesses: changed.has('share-processes') ? flags['share-processes'] : undefined,
    setImages,
  };
  const made = podCopy(original, flags.container, copy, request, () => newName(original, flags.quiet, context));
  warnOfRights(made.pod, made.container, context);
  const place = { resource: info.resource, namespace: namespaceOf(original), name: '' };
  const pod = await api.create(place, made.pod);
  if (flags.replace) await api.delete({ ...place, name: nameOf(original) }, { gracePeriodSeconds: 0 });
  return { pod, container: made.container };
}

function warnOfRights(pod: JsonObject, container: string, context: Context): void {
  if (!losesRights(pod, container)) return;
  context.err.write(
    'Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".\n',
  );
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

function suffix({ random }: Context): string {
  return Array.from({ length: 5 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}

function newName(pod: JsonObject, quiet: boolean, context: Context): string {
  const taken = namesOfContainers(pod);
  let name = '';
  do name = `debugger-${suffix(context)}`;
  while (taken.has(name));
  if (!quiet) context.out.write(`Defaulting debug container name to ${name}.\n`);
  return name;
}
