// `npm run down`: removes the cluster that `npm run up` made, and the images that were built for it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engineAt, engineEndpoint, ignoringAbsence } from '../pkg/cluster/engine.ts';
import { ensureBuilt } from './ensure-built.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

await ensureBuilt(() => undefined);
const result = spawnSync(process.execPath, [`${root}dist/tkctl.js`, 'cluster', 'delete', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (existsSync('/var/run/docker.sock')) {
  const engine = engineAt(engineEndpoint(process.env));
  const images = await engine.listImages({ filters: { reference: ['typekube/*'] } });
  // The newest first: those it is made of are in use until then. What another cluster uses stays.
  for (const { RepoTags } of images.toSorted((a, b) => b.Created - a.Created)) {
    for (const tag of RepoTags ?? []) await ignoringAbsence(engine.getImage(tag).remove());
  }
}
process.exit(result.status ?? 1);
