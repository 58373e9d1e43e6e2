// `cluster-info`: where the control plane and the services of the cluster are.
import { command, type CommandEntry } from '../cli/command.ts';
import { nameOf, namespaceOf, objects, text } from '../objects/access.ts';

const addresses = command({
  summary: 'Display addresses of the control plane and services with label kubernetes.io/cluster-service=true',
  usage: '[flags]',
  flags: {},
  async run(_call, context) {
    const { api, server } = await context.session();
    const coloured = context.out.isTerminal;
    const green = (words: string) => (coloured ? `\u001b[0;32m${words}\u001b[0m` : words);
    const yellow = (words: string) => (coloured ? `\u001b[0;33m${words}\u001b[0m` : words);
    const resource = (await api.resources()).require('services');
    const answer = await api.list(
      { resource, namespace: 'kube-system', name: '' },
      { labelSelector: 'kubernetes.io/cluster-service=true' },
    );
    context.out.write(`${green('Kubernetes control plane')} is running at ${yellow(server)}\n`);
    for (const service of objects(answer, 'items')) {
      const [port] = objects(service, 'spec', 'ports');
      const scheme = text(port, 'name') === 'https' || text(port, 'port') === '443' ? 'https:' : '';
      const path = `${scheme}${nameOf(service)}${text(port, 'name') === '' ? '' : `:${text(port, 'name')}`}`;
      const label = text(service, 'metadata', 'labels', 'kubernetes.io/name') || nameOf(service);
      context.out.write(
        `${green(label)} is running at ${yellow(`${server}/api/v1/namespaces/${namespaceOf(service)}/services/${path}/proxy`)}\n`,
      );
    }
    context.out.write(
      `\nTo further debug and diagnose cluster problems, use '${context.program} cluster-info dump'.\n`,
    );
    return 0;
  },
});

const subcommands: readonly CommandEntry[] = [
  {
    name: 'dump',
    summary: 'Dump relevant information for debugging and diagnosis',
    load: async () => (await import('./cluster-info-dump.ts')).clusterInfoDump,
  },
];

export const clusterInfo = { ...addresses, commands: subcommands };
