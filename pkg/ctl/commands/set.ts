// `set`: changes one thing in objects: the pod templates of workloads, the selector of Services, who is bound to roles.
import type { CommandGroup } from '../cli/command.ts';

export const set: CommandGroup = {
  summary: 'Configure application resources',
  notes: 'These commands help you make changes to existing application resources.',
  commands: [
    {
      name: 'env',
      summary: 'Update environment variables on a pod template',
      load: async () => (await import('./set-env.ts')).setEnv,
    },
    {
      name: 'image',
      summary: 'Update the image of a pod template',
      load: async () => (await import('./set-image.ts')).setImage,
    },
    {
      name: 'resources',
      summary: 'Update resource requests/limits on objects with pod templates',
      load: async () => (await import('./set-resources.ts')).setResources,
    },
    {
      name: 'selector',
      summary: 'Set the selector on a resource',
      load: async () => (await import('./set-selector.ts')).setSelector,
    },
    {
      name: 'serviceaccount',
      aliases: ['sa'],
      summary: 'Update the service account of a resource',
      load: async () => (await import('./set-image.ts')).setServiceAccount,
    },
    {
      name: 'subject',
      summary: 'Update the user, group, or service account in a role binding or cluster role binding',
      load: async () => (await import('./set-subject.ts')).setSubject,
    },
  ],
};
