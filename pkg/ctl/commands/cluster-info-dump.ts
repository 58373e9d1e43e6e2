// `cluster-info dump`: nodes, and of some namespaces what workloads are made of with the logs of all containers, to stdout
// or into a folder of files.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, durationFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import { objectPrinter, type ObjectPrinter } from '../printers/output.ts';
import { pathOf, type Place } from '../rest/api.ts';

/** What is dumped of each namespace, in this order, and the names of the files. */
const COLLECTIONS = [
  { resource: 'events', file: 'events' },
  { resource: 'replicationcontrollers', file: 'replication-controllers' },
  { resource: 'services', file: 'services' },
  { resource: 'daemonsets.apps', file: 'daemonsets' },
  { resource: 'deployments.apps', file: 'deployments' },
  { resource: 'replicasets.apps', file: 'replicasets' },
  { resource: 'pods', file: 'pods' },
] as const;

export const clusterInfoDump = command({
  summary: 'Dump information out of the cluster, for debugging and diagnosis',
  usage: '[flags]',
  notes:
    'By default of the current namespace and kube-system, to stdout. With --output-directory a file is written for each kind, and one for the logs of each pod.',
  examples: [
    'cluster-info dump',
    'cluster-info dump --output-directory=/path/to/cluster-state',
    'cluster-info dump --all-namespaces',
    'cluster-info dump --namespaces default,kube-system --output-directory=/path/to/cluster-state',
  ],
  flags: {
    ...outputFlags,
    output: stringFlag(
      'Output format: json, yaml, kyaml, name, go-template, go-template-file, jsonpath, jsonpath-as-json, jsonpath-file.',
      { short: 'o', default: 'json' },
    ),
    'all-namespaces': boolFlag('Dump all namespaces; --namespaces is ignored.', { short: 'A' }),
    namespaces: listFlag('A comma separated list of namespaces to dump.'),
    'output-directory': stringFlag('Where to write the files; empty or "-": to stdout.'),
    'pod-running-timeout': durationFlag('Accepted for compatibility.', { default: 20_000, shown: '20s', hidden: true }),
  },
  async run({ flags, changed }, context) {
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: context.cwd,
      sorted: false,
    });
    const sink = sinkOf(flags['output-directory'], context);
    const dump = new Dump(sink, print, flags.output, context);
    const { namespace } = await context.session();
    await dump.collection('nodes', '', 'nodes');
    const wanted = flags.namespaces.length > 0 ? flags.namespaces : ['kube-system', namespace];
    for (const one of flags['all-namespaces'] ? await dump.namespaces() : wanted) await dump.namespace(one);
    const directory = flags['output-directory'];
    if (directory !== '' && directory !== '-') context.out.write(`Cluster info dumped to ${directory}\n`);
    return 0;
  },
});

/** Takes one file, in parts. */
type Sink = (file: string, parts: Iterable<string> | AsyncIterable<string | Uint8Array>) => Promise<void>;

function sinkOf(directory: string, context: Context): Sink {
  if (directory === '' || directory === '-')
    return async (_file, parts) => {
      for await (const part of parts) context.out.write(part);
    };
  return async (file, parts) => {
    const path = resolve(context.cwd, directory, file);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, parts);
  };
}

class Dump {
  readonly #sink: Sink;
  readonly #print: ObjectPrinter;
  readonly #extension: string;
  readonly #namesOnly: boolean;
  readonly #context: Context;

  constructor(sink: Sink, print: ObjectPrinter, output: string, context: Context) {
    this.#sink = sink;
    this.#print = print;
    this.#extension = ['json', 'yaml'].includes(output) ? `.${output}` : '.txt';
    this.#namesOnly = output === 'name';
    this.#context = context;
  }

  async #list(resource: string, namespace: string): Promise<JsonObject> {
    const { api } = await this.#context.session();
    const found = (await api.resources()).require(resource);
    return api.list({ resource: found, namespace, name: '' }, {}, 0);
  }

  async collection(resource: string, namespace: string, file: string): Promise<JsonObject> {
    const list = await this.#list(resource, namespace);
    if (this.#namesOnly) throw new Failure(`list types are not supported by name printing: *v1.${text(list, 'kind')}`);
    await this.#sink(`${file}${this.#extension}`, [this.#print(list)]);
    return list;
  }

  async namespaces(): Promise<string[]> {
    return objects(await this.#list('namespaces', ''), 'items').map(nameOf);
  }

  async namespace(namespace: string): Promise<void> {
    let pods: readonly JsonObject[] = [];
    for (const { resource, file } of COLLECTIONS) {
      const list = await this.collection(resource, namespace, join(namespace, file));
      if (resource === 'pods') pods = objects(list, 'items');
    }
    for (const pod of pods) await this.#sink(join(namespace, nameOf(pod), 'logs.txt'), this.#logsOf(pod));
  }

  async *#logsOf(pod: JsonObject): AsyncGenerator<string | Uint8Array> {
    const { api } = await this.#context.session();
    const place: Place = {
      resource: (await api.resources()).require('pods'),
      namespace: namespaceOf(pod),
      name: nameOf(pod),
      subresource: 'log',
    };
    const containers = [...objects(pod, 'spec', 'initContainers'), ...objects(pod, 'spec', 'containers')];
    for (const container of containers) {
      const what = `logs for container ${text(container, 'name')} of pod ${place.namespace}/${place.name}`;
      yield `==== START ${what} ====\n`;
      yield* this.#log(place, text(container, 'name'));
      yield `==== END ${what} ====\n`;
    }
  }

  /** What a container has printed, or why that is not to be had. */
  async *#log(place: Place, container: string): AsyncGenerator<string | Uint8Array> {
    const { api } = await this.#context.session();
    const request = { method: 'GET', path: pathOf(place, { container }) } as const;
    try {
      yield* await api.transport.stream(request, this.#context.signal);
    } catch (error) {
      if (!isApiError(error)) throw error;
      yield `Request log error: ${error.message}\n`;
    }
  }
}
