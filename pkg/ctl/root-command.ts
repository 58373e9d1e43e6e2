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
    name: 'get',
    section: INTERMEDIATE,
    summary: 'Display one or many resources',
    load: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'delete',
    section: INTERMEDIATE,
    summary: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    load: async () => (await import('./commands/delete.ts')).remove,
  },
  {
    name: 'apply',
    section: ADVANCED,
    summary: 'Apply a configuration to a resource by file name or stdin',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
];

/** `more`: command groups that the program adds (`cluster`). */
export function rootCommand(more: readonly CommandEntry[] = []): CommandGroup {
  return {
    summary: 'Controls a Kubernetes cluster; every verb and flag is used as with kubectl',
    commands: [...commands, ...more],
  };
}
