// `expose`: makes a Service for what a workload, pod or other service selects.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { stringFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readDryRun,
  saveConfigFlag,
  selectorFlag,
} from '../cli/shared-flags.ts';
import { withSavedConfig } from '../apply/last-applied.ts';
import { newObject } from '../generators/workloads.ts';
import { isObject, list, namespaceOf, number, object, objects, pairs, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';
import { groupKind } from '../rest/resources.ts';
import { dryRunSuffix } from './create-from-files.ts';

const flags = {
  ...filenameFlags,
  ...outputFlags,
  ...dryRunFlag,
  ...saveConfigFlag,
  ...selectorFlag,
  ...fieldManagerFlag('kubectl-expose'),
  'cluster-ip': stringFlag('ClusterIP to be assigned to the service, or None for a headless service.'),
  'external-ip': stringFlag('Additional external IP address to be accepted for the service.'),
  labels: stringFlag('Labels to apply to the service.'),
  'load-balancer-ip': stringFlag('IP to assign to the LoadBalancer.'),
  name: stringFlag('The name for the newly created object.'),
  'override-type': stringFlag('Accepted for compatibility.', { default: 'merge', hidden: true }),
  overrides: stringFlag('An inline JSON override (merge patch) for the generated object.'),
  port: stringFlag('The port that the service should serve on. Copied from the resource if unspecified.'),
  protocol: stringFlag("The network protocol for the service. Default is 'TCP'."),
  'session-affinity': stringFlag("'None' or 'ClientIP'."),
  'target-port': stringFlag('Name or number for the port on the container that the service should direct traffic to.'),
  type: stringFlag('ClusterIP, NodePort, LoadBalancer, or ExternalName.'),
};

type ExposeFlags = { readonly [K in keyof typeof flags]: (typeof flags)[K]['default'] };

export const expose = command({
  summary: 'Expose a resource as a new Kubernetes service',
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  examples: ['expose deployment web --port=80 --target-port=8080', 'expose pod web --port=80 --type=NodePort'],
  flags,
  async run(call, context) {
    const dryRun = readDryRun(call.flags['dry-run']);
    const { infos, failures } = await liveInfos(
      { args: call.args, filenames: call.flags.filename, recursive: call.flags.recursive },
      context,
    );
    const print = await objectPrinter({
      flags: call.flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      operation: 'exposed',
      dryRunSuffix: dryRunSuffix(dryRun),
      sorted: dryRun !== 'client',
    });
    await visit(
      infos,
      async (info) => {
        const made = await override(serviceFor(info, call.flags), call.flags.overrides);
        const complete = call.flags['save-config'] ? withSavedConfig(made) : made;
        if (dryRun === 'client') return context.out.write(print(complete));
        const { api, namespace } = await context.session();
        const resource = (await api.resources()).require('services');
        const created = await api.create({ resource, namespace: info.namespace || namespace, name: '' }, complete, {
          dryRun: dryRun === 'server' ? 'All' : undefined,
          fieldManager: call.flags['field-manager'],
        });
        context.out.write(print(created));
      },
      failures,
    );
    return 0;
  },
});

async function override(made: JsonObject, overrides: string): Promise<JsonObject> {
  if (overrides === '') return made;
  const [{ parseYamlValue }, { applyMergePatch }] = await Promise.all([
    import('../resources/manifest-text.ts'),
    import('../apply/json-merge.ts'),
  ]);
  const merged = applyMergePatch(made, parseYamlValue(overrides));
  return isObject(merged) ? merged : made;
}

/** Pure: the Service for an object. Throws Failure with kubectl's sentences. */
export function serviceFor(info: Info, given: ExposeFlags): JsonObject {
  const source = info.object;
  const selector = given.selector === '' ? selectorOf(info) : parsePairs(given.selector, 'selector');
  const name = given.name === '' ? truncated(info.name) : given.name;
  const ports = portsFor(info, given);
  const labels = given.labels === '' ? object(source, 'metadata', 'labels') : parsePairs(given.labels, 'labels');
  const namespace = namespaceOf(source);
  const type = given.type;
  const affinity = given['session-affinity'];
  return newObject(
    'v1',
    'Service',
    { name, ...(namespace !== '' && { namespace }), ...(Object.keys(labels).length > 0 && { labels }) },
    {
      spec: {
        ports,
        selector,
        ...(given['cluster-ip'] !== '' && { clusterIP: given['cluster-ip'] }),
        ...(type !== '' && { type }),
        ...(given['external-ip'] !== '' && { externalIPs: [given['external-ip']] }),
        ...(affinity !== '' && { sessionAffinity: affinity }),
        ...(given['load-balancer-ip'] !== '' && { loadBalancerIP: given['load-balancer-ip'] }),
      },
      status: { loadBalancer: {} },
    },
  );
}

/** Service names are DNS labels. */
function truncated(name: string): string {
  return name.slice(0, 63);
}

function portsFor(info: Info, given: ExposeFlags): JsonObject[] {
  const found = exposedPorts(info);
  const protocols = new Map(found.map(({ port, protocol }) => [port, protocol]));
  const numbers = given.port === '' ? found.map(({ port }) => port) : given.port.split(',');
  if (numbers.length === 0) throw new Failure("couldn't find port via --port flag or introspection");
  return numbers.map((number, index): JsonObject => {
    if (!/^\d+$/.test(number)) throw new Failure(`strconv.Atoi: parsing ${JSON.stringify(number)}: invalid syntax`);
    const port = Number(number);
    const wanted = given['target-port'];
    const targetPort: Json = wanted === '' ? port : /^\d+$/.test(wanted) ? Number(wanted) : wanted;
    const protocol = given.protocol === '' ? (protocols.get(number) ?? 'TCP') : given.protocol;
    return { ...(numbers.length > 1 && { name: `port-${index + 1}` }), protocol, port, targetPort };
  });
}

function exposedPorts(info: Info): { port: string; protocol: string }[] {
  if (info.resource.kind === 'Service')
    return objects(info.object, 'spec', 'ports').map((port) => ({
      port: text(port, 'port'),
      protocol: text(port, 'protocol') || 'TCP',
    }));
  const spec =
    info.resource.kind === 'Pod' ? object(info.object, 'spec') : object(info.object, 'spec', 'template', 'spec');
  return objects(spec, 'containers').flatMap((container) =>
    objects(container, 'ports').map((port) => ({
      port: String(number(port, 'containerPort')),
      protocol: text(port, 'protocol') || 'TCP',
    })),
  );
}

function selectorOf(info: Info): JsonObject {
  const { kind } = info.resource;
  switch (kind) {
    case 'ReplicationController':
      return object(info.object, 'spec', 'selector');
    case 'Pod': {
      const labels = object(info.object, 'metadata', 'labels');
      if (Object.keys(labels).length === 0)
        throw new Failure(
          "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
        );
      return labels;
    }
    case 'Service': {
      const selector = object(info.object, 'spec', 'selector');
      if (Object.keys(selector).length === 0)
        throw new Failure(
          "couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set",
        );
      return selector;
    }
    case 'Deployment':
    case 'ReplicaSet': {
      if (list(info.object, 'spec', 'selector', 'matchExpressions').length > 0)
        throw new Failure(
          'couldn\'t retrieve selectors via --selector flag or introspection: couldn\'t convert expressions - "unsupported" to map-based selector format',
        );
      return Object.fromEntries(pairs(info.object, 'spec', 'selector', 'matchLabels'));
    }
    default:
      throw new Failure(`cannot expose a ${groupKindText(info)}`);
  }
}

function groupKindText(info: Info): string {
  return groupKind(info.resource).replace(/^\w+/, info.resource.kind);
}

function parsePairs(text: string, what: string): JsonObject {
  const found: JsonObject = {};
  for (const pair of text.split(',')) {
    const [key = '', value, more] = pair.split('=');
    if (value === undefined || more !== undefined || key === '')
      throw new Failure(`unexpected ${what === 'labels' ? 'label' : 'selector'} spec: ${pair}`);
    found[key] = value;
  }
  return found;
}
