// `create service clusterip|nodeport|loadbalancer|externalname`.
import { command, type CommandGroup } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { intFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { service } from '../generators/workloads.ts';
import { createGenerated, generatedFlags, onlyName } from './create-generated.ts';

const tcp = { tcp: listFlag("Port pairs can be specified as '<port>:<targetPort>'.") };
const nothing = { clusterIP: '', nodePort: 0, externalName: '' };

const clusterIP = command({
  summary: 'Create a ClusterIP service',
  usage: 'NAME [--tcp=<port>:<targetPort>] [options]',
  flags: {
    ...generatedFlags,
    ...tcp,
    clusterip: stringFlag('The cluster IP to assign, or None for a headless service.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    if (call.flags.clusterip === 'None' && call.flags.tcp.length > 0)
      throw new Failure('can not map ports with clusterip=None');
    const request = {
      ...nothing,
      name,
      type: 'ClusterIP',
      tcp: call.flags.tcp,
      clusterIP: call.flags.clusterip,
    } as const;
    return createGenerated(service(request), true, call, context);
  },
});

const nodePort = command({
  summary: 'Create a NodePort service',
  usage: 'NAME [--tcp=port:targetPort] [options]',
  flags: { ...generatedFlags, ...tcp, 'node-port': intFlag('Port used to expose the service on each node.') },
  async run(call, context) {
    const name = onlyName(call.args);
    const request = {
      ...nothing,
      name,
      type: 'NodePort',
      tcp: call.flags.tcp,
      nodePort: call.flags['node-port'],
    } as const;
    return createGenerated(service(request), true, call, context);
  },
});

const loadBalancer = command({
  summary: 'Create a LoadBalancer service',
  usage: 'NAME [--tcp=port:targetPort] [options]',
  flags: { ...generatedFlags, ...tcp },
  async run(call, context) {
    const name = onlyName(call.args);
    return createGenerated(
      service({ ...nothing, name, type: 'LoadBalancer', tcp: call.flags.tcp }),
      true,
      call,
      context,
    );
  },
});

const externalName = command({
  summary: 'Create an ExternalName service',
  usage: 'NAME --external-name external.name [options]',
  flags: { ...generatedFlags, ...tcp, 'external-name': stringFlag('External name of service') },
  required: ['external-name'],
  async run(call, context) {
    const name = onlyName(call.args);
    const request = {
      ...nothing,
      name,
      type: 'ExternalName',
      tcp: call.flags.tcp,
      externalName: call.flags['external-name'],
    } as const;
    return createGenerated(service(request), true, call, context);
  },
});

export const createService: CommandGroup = {
  summary: 'Create a service using a specified subcommand',
  commands: [
    { name: 'clusterip', summary: clusterIP.summary, load: async () => clusterIP },
    { name: 'externalname', summary: externalName.summary, load: async () => externalName },
    { name: 'loadbalancer', summary: loadBalancer.summary, load: async () => loadBalancer },
    { name: 'nodeport', summary: nodePort.summary, load: async () => nodePort },
  ],
};
