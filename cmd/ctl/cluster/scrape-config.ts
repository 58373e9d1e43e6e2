// `tkctl cluster scrape-config`
import { join, resolve } from 'node:path';
import { adminAccessOf, adminTransport } from '../../../pkg/cluster/access.ts';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { writeScrapeConfig } from '../../../pkg/cluster/scrape-config.ts';
import { command } from '../../../pkg/ctl/cli/command.ts';
import { stringFlag } from '../../../pkg/ctl/cli/flags.ts';
import { nameFrom, programDirectory, serverOfCluster, unknownCluster } from './frame.ts';

export const scrapeConfig = command({
  summary: 'Write a directory from which Prometheus scrapes a cluster',
  usage: '[NAME]',
  notes:
    'The directory holds the configuration, recording rules and alerts, the certificate of the cluster and a token that is ' +
    'good for a year. Nodes that come or go later are found by themselves.',
  examples: ['cluster scrape-config --directory=monitoring && prometheus --config.file=monitoring/prometheus.yml'],
  flags: {
    directory: stringFlag('Where to write; made when it is not there.', { default: 'prometheus' }),
  },
  async run({ flags, args }, world) {
    const name = nameFrom(args);
    const server = serverOfCluster(name, world.env);
    if (server === undefined) throw unknownCluster(name);
    const directory = clusterDirectory(name, world.env);
    const local = readRecord(directory);
    const access = await adminAccessOf(directory, server, world.clock.now());
    const transport = adminTransport(access, world.clock);
    try {
      const path = await writeScrapeConfig(
        {
          transport,
          server,
          authority: access.authority,
          manifests: join(programDirectory(), '..', 'manifests', 'prometheus'),
          directory: resolve(flags.directory),
          ...(local?.layout === 'process-per-component' && { components: local }),
        },
        world.signal,
      );
      world.out.write(`Wrote ${path}; start it with: prometheus --config.file=${path}\n`);
    } finally {
      await transport.close();
    }
    return 0;
  },
});
