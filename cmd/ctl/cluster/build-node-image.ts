// `tkctl cluster build-node-image`
import { engineAt, engineEndpoint } from '../../../pkg/cluster/engine.ts';
import { ensureNodeImage } from '../../../pkg/cluster/node-image/node-image.ts';
import { command } from '../../../pkg/ctl/cli/command.ts';
import { UsageFailure } from '../../../pkg/ctl/cli/failure.ts';
import { programDirectory, progress } from './frame.ts';

export const buildNodeImage = command({
  summary: 'Build the image that nodes in containers are made of',
  usage: '',
  notes:
    'Needs no registry on Debian as root. What has been built before from the same content is taken as it is; "cluster create" ' +
    'builds the image too when it is missing.',
  flags: {},
  async run({ args }, world) {
    if (args.length > 0) throw new UsageFailure(`no arguments are taken, got ${args.join(' ')}`);
    const image = await ensureNodeImage(
      {
        engine: engineAt(engineEndpoint(world.env)),
        programs: programDirectory(),
        node: process.execPath,
        clock: world.clock,
        say: progress(world),
      },
      world.signal,
    );
    world.out.write(`${image}\n`);
    return 0;
  },
});
