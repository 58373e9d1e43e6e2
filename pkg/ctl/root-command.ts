// All verbs, in the order in which help lists and suggestions name them. Each is loaded only when it is called.
import type { CommandEntry, CommandGroup } from './cli/command.ts';

const BEGINNER = 'Basic Commands (Beginner)';
const INTERMEDIATE = 'Basic Commands (Intermediate)';
const DEPLOY = 'Deploy Commands';
const CLUSTER = 'Cluster Management Commands';
const TROUBLE = 'Troubleshooting and Debugging Commands';
const ADVANCED = 'Advanced Commands';
const SETTINGS = 'Settings Commands';
const OTHER = 'Other Commands';

const commands: readonly CommandEntry[] = [
  {
    name: 'create',
    section: BEGINNER,
    summary: 'Create a resource from a file or from stdin',
    load: async () => (await import('./commands/create.ts')).create,
  },
  {
    name: 'expose',
    section: BEGINNER,
    summary: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
    load: async () => (await import('./commands/expose.ts')).expose,
  },
  {
    name: 'run',
    section: BEGINNER,
    summary: 'Run a particular image on the cluster',
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'set',
    section: BEGINNER,
    summary: 'Set specific features on objects',
    load: async () => (await import('./commands/set.ts')).set,
  },
  {
    name: 'explain',
    section: INTERMEDIATE,
    summary: 'Get documentation for a resource',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'get',
    section: INTERMEDIATE,
    summary: 'Display one or many resources',
    load: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'edit',
    section: INTERMEDIATE,
    summary: 'Edit a resource on the server',
    load: async () => (await import('./commands/edit.ts')).edit,
  },
  {
    name: 'delete',
    section: INTERMEDIATE,
    summary: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    load: async () => (await import('./commands/delete.ts')).remove,
  },
  {
    name: 'rollout',
    section: DEPLOY,
    summary: 'Manage the rollout of a resource',
    load: async () => (await import('./commands/rollout.ts')).rollout,
  },
  {
    name: 'scale',
    section: DEPLOY,
    summary: 'Set a new size for a deployment, replica set, or replication controller',
    load: async () => (await import('./commands/scale.ts')).scale,
  },
  {
    name: 'autoscale',
    section: DEPLOY,
    summary: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
    load: async () => (await import('./commands/autoscale.ts')).autoscale,
  },
  {
    name: 'certificate',
    section: CLUSTER,
    summary: 'Modify certificate resources',
    load: async () => (await import('./commands/certificate.ts')).certificate,
  },
  {
    name: 'cluster-info',
    section: CLUSTER,
    summary: 'Display cluster information',
    load: async () => (await import('./commands/cluster-info.ts')).clusterInfo,
  },
  {
    name: 'top',
    section: CLUSTER,
    summary: 'Display resource (CPU/memory) usage',
    load: async () => (await import('./commands/top.ts')).top,
  },
  {
    name: 'cordon',
    section: CLUSTER,
    summary: 'Mark node as unschedulable',
    load: async () => (await import('./commands/cordon.ts')).cordon,
  },
  {
    name: 'uncordon',
    section: CLUSTER,
    summary: 'Mark node as schedulable',
    load: async () => (await import('./commands/cordon.ts')).uncordon,
  },
  {
    name: 'drain',
    section: CLUSTER,
    summary: 'Drain node in preparation for maintenance',
    load: async () => (await import('./commands/drain.ts')).drain,
  },
  {
    name: 'taint',
    section: CLUSTER,
    summary: 'Update the taints on one or more nodes',
    load: async () => (await import('./commands/taint.ts')).taint,
  },
  {
    name: 'describe',
    section: TROUBLE,
    summary: 'Show details of a specific resource or group of resources',
    load: async () => (await import('./commands/describe.ts')).describe,
  },
  {
    name: 'logs',
    section: TROUBLE,
    summary: 'Print the logs for a container in a pod',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'attach',
    section: TROUBLE,
    summary: 'Attach to a running container',
    load: async () => (await import('./commands/attach.ts')).attach,
  },
  {
    name: 'exec',
    section: TROUBLE,
    summary: 'Execute a command in a container',
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  {
    name: 'debug',
    section: TROUBLE,
    summary: 'Create debugging sessions for troubleshooting workloads and nodes',
    load: async () => (await import('./commands/debug.ts')).debug,
  },
  {
    name: 'port-forward',
    section: TROUBLE,
    summary: 'Forward one or more local ports to a pod',
    load: async () => (await import('./commands/port-forward.ts')).portForward,
  },
  {
    name: 'proxy',
    section: TROUBLE,
    summary: 'Run a proxy to the Kubernetes API server',
    load: async () => (await import('./commands/proxy.ts')).proxy,
  },
  {
    name: 'cp',
    section: TROUBLE,
    summary: 'Copy files and directories to and from containers',
    load: async () => (await import('./commands/cp.ts')).cp,
  },
  {
    name: 'auth',
    section: TROUBLE,
    summary: 'Inspect authorization',
    load: async () => (await import('./commands/auth.ts')).auth,
  },
  {
    name: 'events',
    section: TROUBLE,
    summary: 'List events',
    load: async () => (await import('./commands/events.ts')).events,
  },
  {
    name: 'diff',
    section: ADVANCED,
    summary: 'Diff the live version against a would-be applied version',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'apply',
    section: ADVANCED,
    summary: 'Apply a configuration to a resource by file name or stdin',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  {
    name: 'patch',
    section: ADVANCED,
    summary: 'Update fields of a resource',
    load: async () => (await import('./commands/patch.ts')).patch,
  },
  {
    name: 'replace',
    section: ADVANCED,
    summary: 'Replace a resource by file name or stdin',
    load: async () => (await import('./commands/replace.ts')).replace,
  },
  {
    name: 'wait',
    section: ADVANCED,
    summary: 'Wait for a specific condition on one or many resources',
    load: async () => (await import('./commands/wait.ts')).wait,
  },
  {
    name: 'label',
    section: SETTINGS,
    summary: 'Update the labels on a resource',
    load: async () => (await import('./commands/label.ts')).label,
  },
  {
    name: 'annotate',
    section: SETTINGS,
    summary: 'Update the annotations on a resource',
    load: async () => (await import('./commands/label.ts')).annotate,
  },
  {
    name: 'completion',
    section: SETTINGS,
    summary: 'Output shell completion code for the specified shell (bash, zsh, fish, powershell)',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: 'api-resources',
    section: OTHER,
    summary: 'Print the supported API resources on the server',
    load: async () => (await import('./commands/api-resources.ts')).apiResources,
  },
  {
    name: 'api-versions',
    section: OTHER,
    summary: 'Print the supported API versions on the server, in the form of "group/version"',
    load: async () => (await import('./commands/api-resources.ts')).apiVersions,
  },
  {
    name: 'config',
    section: OTHER,
    summary: 'Modify kubeconfig files',
    load: async () => (await import('./commands/config.ts')).config,
  },
  {
    name: 'plugin',
    section: OTHER,
    summary: 'Provides utilities for interacting with plugins',
    load: async () => (await import('./commands/plugin.ts')).plugin,
  },
  {
    name: 'version',
    section: OTHER,
    summary: 'Print the client and server version information',
    load: async () => (await import('./commands/version.ts')).version,
  },
];

/** `more`: command groups that the program adds (`cluster`). */
export function rootCommand(more: readonly CommandEntry[] = []): CommandGroup {
  return {
    summary: 'Controls a Kubernetes cluster; every verb and flag is used as with kubectl',
    commands: [...commands, ...more],
  };
}
