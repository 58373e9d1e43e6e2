// `top node` and `top pod`: who uses how much, out of metrics.k8s.io.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type CommandGroup, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { allNamespacesFlag, fieldSelectorFlag, selectorFlag } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, object, objects, text } from '../objects/access.ts';
import type { Api, Place, Query } from '../rest/api.ts';
import type { ApiResource } from '../rest/resources.ts';
import { nodeUsage, podUsage, usageOf, type SortBy } from '../top/usage.ts';
import { nodeTable, podTable } from '../top/usage-table.ts';
import { formatGoDuration } from '../../api/meta/duration.ts';

const usageFlags = {
  ...selectorFlag,
  'no-headers': boolFlag('If present, print output without headers.'),
  'show-swap': boolFlag('Print swap memory too.'),
  'sort-by': stringFlag("Who uses most first: 'cpu' or 'memory'."),
  'use-protocol-buffers': boolFlag('Accepted for compatibility.', { default: true, hidden: true }),
};

const METRICS_GROUP = 'metrics.k8s.io';
/** So long new pods may be without metrics. */
const FIRST_METRICS_WITHIN_MS = 120_000;

function readSortBy(value: string): SortBy {
  if (value === '' || value === 'cpu' || value === 'memory') return value;
  throw new Failure('--sort-by accepts only cpu or memory');
}

/** Throws Failure when the server has no metrics. */
async function metricsResource(api: Api, resource: string): Promise<ApiResource> {
  const found = (await api.resources()).all.find(
    (candidate) => candidate.group === METRICS_GROUP && candidate.resource === resource,
  );
  if (found === undefined) throw new Failure('Metrics API not available');
  return found;
}

/** One object or a collection. */
async function fetched(api: Api, place: Place, query: Query): Promise<JsonObject[]> {
  return place.name === '' ? objects(await api.list(place, query, 0), 'items') : [await api.get(place)];
}

const node = command({
  summary: 'Display resource (CPU/memory) usage of nodes',
  usage: '[NAME | -l label]',
  examples: ['top node', 'top node --sort-by=cpu'],
  flags: {
    ...usageFlags,
    'show-capacity': boolFlag("Share of the nodes' capacity instead of what they have for pods."),
  },
  async run({ flags, args }, context) {
    if (args.length > 1) throw new UsageFailure('node [NAME | -l label]');
    const [name = ''] = args;
    const sortBy = readSortBy(flags['sort-by']);
    if (name !== '' && flags.selector !== '') throw new Failure('only one of NAME or --selector can be provided');
    const { api } = await context.session();
    const query = { labelSelector: flags.selector };
    const place = { resource: await metricsResource(api, 'nodes'), namespace: '', name };
    const metrics = await fetched(api, place, query);
    if (metrics.length === 0) throw new Failure('metrics not available yet');
    const resource = (await api.resources()).require('nodes');
    const nodes = await fetched(api, { resource, namespace: '', name }, query);
    const available = new Map(
      nodes.map((item) => {
        const has = object(item, 'status', flags['show-capacity'] ? 'capacity' : 'allocatable');
        return [nameOf(item), usageOf({ ...has, swap: text(item, 'status', 'nodeInfo', 'swap', 'capacity') })];
      }),
    );
    const shape = { headers: !flags['no-headers'], swap: flags['show-swap'], sortBy };
    context.out.write(nodeTable(metrics.map(nodeUsage), available, shape));
    return 0;
  },
});

const pod = command({
  summary: 'Display resource (CPU/memory) usage of pods',
  usage: '[NAME | -l label]',
  notes: 'Metrics of a new pod come with some delay.',
  examples: ['top pod', 'top pod -A --sort-by=memory', 'top pod web --containers'],
  flags: {
    ...usageFlags,
    ...allNamespacesFlag,
    ...fieldSelectorFlag,
    containers: boolFlag('If present, print usage of containers within a pod.'),
    sum: boolFlag('Print the sum of the resource usage'),
  },
  async run({ flags, args }, context) {
    if (args.length > 1) throw new UsageFailure('pod [NAME | -l label]');
    const [name = ''] = args;
    const sortBy = readSortBy(flags['sort-by']);
    if (name !== '' && (flags.selector !== '' || flags['field-selector'] !== ''))
      throw new Failure('only one of NAME or selector can be provided');
    const session = await context.session();
    const { api } = session;
    const namespace = flags['all-namespaces'] ? '' : session.namespace;
    const query = { labelSelector: flags.selector, fieldSelector: flags['field-selector'] };
    const metrics = await fetched(api, { resource: await metricsResource(api, 'pods'), namespace, name }, query);
    if (metrics.length === 0) {
      // kubectl looks into its own namespace even when it was asked for all.
      await explainAbsence(api, { namespace: session.namespace, name }, query, context);
      context.err.write(
        flags['all-namespaces'] ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`,
      );
      return 0;
    }
    const shape = {
      headers: !flags['no-headers'],
      swap: flags['show-swap'],
      namespaces: flags['all-namespaces'],
      containers: flags.containers,
      sum: flags.sum,
      sortBy,
    };
    context.out.write(podTable(metrics.map(podUsage), shape));
    return 0;
  },
});

/** Throws Failure when there are pods: their metrics are late. */
async function explainAbsence(
  api: Api,
  place: { readonly namespace: string; readonly name: string },
  query: Query,
  context: Context,
): Promise<void> {
  const resource = (await api.resources()).require('pods');
  const pods = await fetched(api, { resource, ...place }, query);
  if (pods.length === 0) return;
  for (const item of pods) {
    const age = context.clock.now() - Date.parse(text(item, 'metadata', 'creationTimestamp'));
    if (age > FIRST_METRICS_WITHIN_MS)
      throw new Failure(
        `Metrics not available for pod ${namespaceOf(item)}/${nameOf(item)}, age: ${formatGoDuration(age)}`,
      );
  }
  throw new Failure('metrics not available yet');
}

export const top: CommandGroup = {
  summary: 'Display resource (CPU/memory) usage',
  notes: 'The numbers come from the kubelets, by way of metrics.k8s.io.',
  commands: [
    { name: 'node', aliases: ['nodes', 'no'], summary: node.summary, load: async () => node },
    { name: 'pod', aliases: ['pods', 'po'], summary: pod.summary, load: async () => pod },
  ],
};
