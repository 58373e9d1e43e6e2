// Store, API server, scheduler and controllers in one process, put together as `tkctl cluster create` does, without the parts
// of a node. Its first argument is a directory with apiserver.crt, apiserver.key, sa.pub, sa.key, tokens.csv and `port`; with
// the second, `scheduler-waits`, pods are scheduled only after SIGUSR2.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kinds } from '../../pkg/api/kinds.ts';
import { tokenFile } from '../../pkg/apiserver/authn/token-file.ts';
import { directTransport } from '../../pkg/apiserver/direct-transport.ts';
import { serveHttps } from '../../pkg/apiserver/http/serve.ts';
import { createApiServer } from '../../pkg/apiserver/server.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { runControllers } from '../../pkg/controllers/run.ts';
import { createLogger } from '../../pkg/logging/logger.ts';
import { runScheduler } from '../../pkg/scheduler/scheduler.ts';
import { openEmbeddedStore } from '../../pkg/storage/embedded/embedded-store.ts';

const directory = process.argv[2] ?? '.';
const read = (name: string) => readFileSync(join(directory, name), 'utf8');
const log = createLogger('control-plane', { verbosity: 0, terminal: false });
const context = { clock: realClock, random: Math.random, log };
const issuers = ['https://kubernetes.default.svc.cluster.local'];

const store = await openEmbeddedStore({ directory: join(directory, 'store'), clock: realClock });
const server = await createApiServer({
  ...context,
  store,
  kinds,
  authenticators: [tokenFile(read('tokens.csv'), 'tokens.csv')],
  serviceAccountKeys: {
    issuers,
    audiences: issuers,
    signingKey: read('sa.key'),
    verificationKeys: [read('sa.pub')],
  },
});
const tls = { cert: read('apiserver.crt'), key: read('apiserver.key') };
await serveHttps(server, { host: '127.0.0.1', port: Number(read('port')), tls });
const user = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };
const client = createClient(directTransport(server, user, { userAgent: 'control-plane' }));
const { signal } = new AbortController();
const go = process.argv[3] === 'scheduler-waits' ? once(process, 'SIGUSR2') : undefined;
const schedule = async () => {
  await go;
  await runScheduler({ ...context, client }, signal);
};
await Promise.all([
  schedule(),
  runControllers({ ...context, client, enabled: '*', options: { rootCa: read('ca.crt') } }, signal),
]);
