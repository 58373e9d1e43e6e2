// `tkctl cluster load-image`
import { resolve } from 'node:path';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { engineAt } from '../../../pkg/cluster/engine.ts';
import { loadIntoEngine } from '../../../pkg/cluster/load-into-engine.ts';
import { loadImages } from '../../../pkg/cluster/nodes/load-images.ts';
import { readNodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { command } from '../../../pkg/ctl/cli/command.ts';
import { UsageFailure } from '../../../pkg/ctl/cli/failure.ts';
import { progress, unknownCluster } from './frame.ts';

export const loadImage = command({
  summary: 'Bring images to every node of a cluster',
  usage: 'NAME IMAGE|ARCHIVE...',
  notes:
    "An image comes from this machine's engine, an archive (docker save) from a file. What a node has already is not sent.",
  examples: ['cluster load-image ci my/app:1', 'cluster load-image ci app.tar other.tar.gz'],
  flags: {},
  async run({ args }, world) {
    const [name, ...images] = args;
    if (name === undefined || images.length === 0) throw new UsageFailure('give the name of the cluster and an image');
    const path = (file: string) => resolve(world.cwd, file);
    const record = readNodesRecord(name, world.env);
    if (record !== undefined) {
      const options = { engine: engineAt(record.engine), record, images, resolve: path, say: progress(world) };
      await loadImages(options, world.signal);
      return 0;
    }
    const local = readRecord(clusterDirectory(name, world.env));
    if (local === undefined) throw unknownCluster(name);
    for (const image of images) await loadIntoEngine(engineAt(local.engine), image, path(image), progress(world));
    return 0;
  },
});
