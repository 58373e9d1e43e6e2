// `create`: from files, or one object of a common kind out of flags.
import { command, type Call, type CommandEntry, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  saveConfigFlag,
  selectorFlag,
  validateFlag,
} from '../cli/shared-flags.ts';

export const createFlags = {
  ...filenameFlags,
  ...outputFlags,
  ...dryRunFlag,
  ...validateFlag,
  ...saveConfigFlag,
  ...selectorFlag,
  ...fieldManagerFlag('kubectl-create'),
  edit: boolFlag('Edit the API resource before creating'),
  raw: stringFlag('Raw URI to POST the file to.'),
  'windows-line-endings': boolFlag('Only relevant with --edit: lines that end as on Windows.'),
};

const generators: readonly CommandEntry[] = [
  {
    name: 'clusterrole',
    summary: 'Create a cluster role',
    load: async () => (await import('./create-rbac.ts')).createClusterRole,
  },
  {
    name: 'clusterrolebinding',
    summary: 'Create a cluster role binding for a particular cluster role',
    load: async () => (await import('./create-rbac.ts')).createClusterRoleBinding,
  },
  {
    name: 'configmap',
    aliases: ['cm'],
    summary: 'Create a config map from a local file, directory or literal value',
    load: async () => (await import('./create-config.ts')).createConfigMap,
  },
  {
    name: 'cronjob',
    aliases: ['cj'],
    summary: 'Create a cron job with the specified name',
    load: async () => (await import('./create-workload.ts')).createCronJob,
  },
  {
    name: 'deployment',
    aliases: ['deploy'],
    summary: 'Create a deployment with the specified name',
    load: async () => (await import('./create-workload.ts')).createDeployment,
  },
  {
    name: 'ingress',
    aliases: ['ing'],
    summary: 'Create an ingress with the specified name',
    load: async () => (await import('./create-ingress.ts')).createIngress,
  },
  {
    name: 'job',
    summary: 'Create a job with the specified name',
    load: async () => (await import('./create-workload.ts')).createJob,
  },
  {
    name: 'namespace',
    aliases: ['ns'],
    summary: 'Create a namespace with the specified name',
    load: async () => (await import('./create-simple.ts')).createNamespace,
  },
  {
    name: 'poddisruptionbudget',
    aliases: ['pdb'],
    summary: 'Create a pod disruption budget with the specified name',
    load: async () => (await import('./create-simple.ts')).createPodDisruptionBudget,
  },
  {
    name: 'priorityclass',
    aliases: ['pc'],
    summary: 'Create a priority class with the specified name',
    load: async () => (await import('./create-simple.ts')).createPriorityClass,
  },
  {
    name: 'quota',
    aliases: ['resourcequota'],
    summary: 'Create a quota with the specified name',
    load: async () => (await import('./create-simple.ts')).createQuota,
  },
  {
    name: 'role',
    summary: 'Create a role with single rule',
    load: async () => (await import('./create-rbac.ts')).createRole,
  },
  {
    name: 'rolebinding',
    summary: 'Create a role binding for a particular role or cluster role',
    load: async () => (await import('./create-rbac.ts')).createRoleBinding,
  },
  {
    name: 'secret',
    summary: 'Create a secret using a specified subcommand',
    load: async () => (await import('./create-config.ts')).createSecret,
  },
  {
    name: 'service',
    aliases: ['svc'],
    summary: 'Create a service using a specified subcommand',
    load: async () => (await import('./create-service.ts')).createService,
  },
  {
    name: 'serviceaccount',
    aliases: ['sa'],
    summary: 'Create a service account with the specified name',
    load: async () => (await import('./create-simple.ts')).createServiceAccount,
  },
  {
    name: 'token',
    summary: 'Request a service account token',
    load: async () => (await import('./create-token.ts')).createToken,
  },
];

const fromFiles = command({
  summary: 'Create a resource from a file or from stdin',
  usage: '-f FILENAME [options]',
  examples: ['create -f pod.yaml', 'create deployment web --image=nginx', 'create configmap c --from-literal=a=b'],
  flags: createFlags,
  async run(call: Call<typeof createFlags>, context: Context) {
    if (call.args.length > 0) throw new UsageFailure(`Unexpected args: [${call.args.join(' ')}]`);
    if (call.flags.filename.length === 0 && call.flags.kustomize === '')
      throw new Failure('must specify one of -f and -k');
    const { createFromFiles } = await import('./create-from-files.ts');
    return createFromFiles(call, context);
  },
});

export const create = { ...fromFiles, commands: generators };
