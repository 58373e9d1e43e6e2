// `tkctl cluster`: clusters on this machine. The work is pkg/cluster's; cmd/ctl/cluster/ has a file for each subcommand.
import type { CommandEntry } from '../../pkg/ctl/cli/command.ts';
import { buildNodeImage } from './cluster/build-node-image.ts';
import { create } from './cluster/create.ts';
import { remove } from './cluster/delete.ts';
import { kubeconfig } from './cluster/kubeconfig.ts';
import { list } from './cluster/list.ts';
import { loadImage } from './cluster/load-image.ts';
import { logs } from './cluster/logs.ts';
import { scale } from './cluster/scale.ts';
import { scrapeConfig } from './cluster/scrape-config.ts';
import { start } from './cluster/start.ts';
import { stop } from './cluster/stop.ts';

export const clusterEntry: CommandEntry = {
  name: 'cluster',
  summary: 'Create, delete and list clusters on this machine',
  section: 'Cluster Management Commands:',
  load: async () => ({
    summary: 'Create, delete and list clusters on this machine',
    notes: 'kubectl has no such command.',
    commands: [
      { name: 'create', summary: create.summary, load: async () => create },
      { name: 'delete', summary: remove.summary, load: async () => remove },
      { name: 'list', summary: list.summary, load: async () => list },
      { name: 'stop', summary: stop.summary, load: async () => stop },
      { name: 'start', summary: start.summary, load: async () => start },
      { name: 'scale', summary: scale.summary, load: async () => scale },
      { name: 'kubeconfig', summary: kubeconfig.summary, load: async () => kubeconfig },
      { name: 'scrape-config', summary: scrapeConfig.summary, load: async () => scrapeConfig },
      { name: 'load-image', summary: loadImage.summary, load: async () => loadImage },
      { name: 'logs', summary: logs.summary, load: async () => logs },
      { name: 'build-node-image', summary: buildNodeImage.summary, load: async () => buildNodeImage },
    ],
  }),
};
