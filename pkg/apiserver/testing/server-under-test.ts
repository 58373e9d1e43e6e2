// A whole API server over the embedded store in a directory of its own, with a client over each transport. For tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds } from '../../api/kinds.ts';
import { httpsTransport } from '../../client/https-transport.ts';
import type { Transport } from '../../client/transport.ts';
import { realClock } from '../../clock/clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { createAuthority, createTokenSigningKey, issueCertificate } from '../../pki/certificates.ts';
import { openEmbeddedStore } from '../../storage/embedded/embedded-store.ts';
import { tokenFile } from '../authn/token-file.ts';
import { directTransport } from '../direct-transport.ts';
import { serveHttps, type HttpsListener } from '../http/serve.ts';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../server.ts';

export const TOKEN = 'test-token';
export const ADMIN = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export interface ServerUnderTest extends AsyncDisposable {
  readonly api: ApiServer;
  readonly direct: Transport;
  readonly https: Transport;
  readonly url: string;
  readonly ca: string;
  readonly authority: { readonly certificate: string; readonly key: string };
  /** Stops everything and starts again on the same directory. */
  restart(): Promise<ServerUnderTest>;
}

/** The same numbers in every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

export async function startServerUnderTest(
  directory = mkdtempSync(join(tmpdir(), 'typekube-apiserver-')),
  seed = 1,
  more: Partial<ApiServerOptions> = {},
): Promise<ServerUnderTest> {
  const now = realClock.now();
  const [authority, keys] = await Promise.all([createAuthority('test', 1, now), createTokenSigningKey()]);
  const serving = await issueCertificate(
    authority,
    { commonName: 'kube-apiserver', hosts: ['127.0.0.1'], usages: ['server'], days: 1 },
    now,
  );
  const store = await openEmbeddedStore({ directory, clock: realClock });
  const api = await createApiServer({
    store,
    clock: realClock,
    random: seededRandom(seed),
    log: silentLogger,
    kinds,
    authenticators: [tokenFile(`${TOKEN},admin,1,"system:masters"`, 'tokens')],
    advertise: { address: '10.1.2.3', port: 6443 },
    serviceAccountKeys: {
      issuers: [ISSUER],
      audiences: [ISSUER],
      signingKey: keys.privateKey,
      verificationKeys: [keys.publicKey],
    },
    ...more,
  });
  const listener = await serveHttps(api, {
    host: '127.0.0.1',
    port: 0,
    tls: { cert: serving.certificate, key: serving.key },
    clientAuthority: authority.certificate,
  });
  const url = `https://127.0.0.1:${listener.port}`;
  const https = httpsTransport({
    server: url,
    ca: authority.certificate,
    token: TOKEN,
    userAgent: 'test',
    clock: realClock,
  });
  const direct = directTransport(api, ADMIN, { userAgent: 'test' });
  const stop = () => stopAll([https, direct], api, listener, () => store.close());
  return {
    api,
    direct,
    https,
    url,
    ca: authority.certificate,
    authority,
    async restart() {
      await stop();
      return startServerUnderTest(directory, seed + 1, more);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function stopAll(
  transports: readonly Transport[],
  api: ApiServer,
  listener: HttpsListener,
  closeStore: () => Promise<void>,
): Promise<void> {
  for (const transport of transports) await transport.close();
  await api.close();
  await listener.close();
  await closeStore();
}
