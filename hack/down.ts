// `npm run down`: removes the cluster that `npm run up` made, and the images that were built for it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { ensureBuilt } from './ensure-built.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

await ensureBuilt(() => undefined);
const result = spawnSync(process.execPath, [`${root}dist/tkctl.js`, 'cluster', 'delete', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (existsSync('/var/run/docker.sock')) {
  const engine = new Docker();
  for (const image of await engine.listImages({ filters: { reference: ['typekube/*'] } })) {
    for (const tag of image.RepoTags ?? []) await engine.getImage(tag).remove({ force: true });
  }
}
process.exit(result.status ?? 1);
