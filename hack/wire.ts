// Plays the recorded wire transcripts of a real Kubernetes against a fresh API server. They lie beside the checkout and are not
// part of it: `node hack/wire.ts [DIRECTORY] [run.mjs options]`; without them it says so and succeeds.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startApiServer } from '../e2e/support/api-server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = process.argv[2] ?? `${root}../shared/golden`;

if (!existsSync(`${directory}/run.mjs`)) {
  console.log(`no wire transcripts in ${directory}: none played`);
} else {
  await using server = await startApiServer({
    // The company in which the transcripts were recorded: others would change what is listed and watched.
    controllers: 'serviceaccount,namespace,garbagecollector',
  });
  const transcripts = readdirSync(directory).filter((file) => file.endsWith('.jsonl'));
  const result = spawnSync(
    process.execPath,
    [
      `${directory}/run.mjs`,
      'check',
      '--server',
      server.url,
      '--token',
      server.token,
      '--ca',
      server.caFile,
      '--known',
      `${root}e2e/wire-known-failures.txt`,
      '--jobs',
      '8',
      ...process.argv.slice(3),
      ...transcripts.map((file) => `${directory}/${file}`),
    ],
    { stdio: 'inherit' },
  );
  process.exitCode = result.status ?? 1;
}
