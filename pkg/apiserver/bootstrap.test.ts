import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kinds } from '../api/kinds.ts';
import { configMaps, services } from '../api/resources.ts';
import { createClient } from '../client/typed-client.ts';
import { realClock } from '../clock/clock.ts';
import { silentLogger } from '../logging/logger.ts';
import { openEmbeddedStore } from '../storage/embedded/embedded-store.ts';
import { directTransport } from './direct-transport.ts';
import { createApiServer } from './server.ts';
import { ADMIN } from './testing/server-under-test.ts';

test('API servers that start together on one store all start, make one kubernetes Service, and name the authority of clients', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-bootstrap-'));
  const store = await openEmbeddedStore({ directory, clock: realClock });
  const start = () =>
    createApiServer({
      store,
      clock: realClock,
      random: Math.random,
      log: silentLogger,
      kinds,
      sharedStore: true,
      clientAuthority: 'PEM',
    });
  const servers = await Promise.all([start(), start(), start()]);
  const addresses = await Promise.all(
    servers.map(async (server) => {
      const client = createClient(directTransport(server, ADMIN));
      const { spec } = await client.resource(services).get({ namespace: 'default', name: 'kubernetes' });
      return spec?.clusterIP;
    }),
  );
  expect(new Set(addresses)).toEqual(new Set(['10.96.0.1']));
  const [first] = servers;
  const authentication = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
  if (first !== undefined) {
    const { data } = await createClient(directTransport(first, ADMIN)).resource(configMaps).get(authentication);
    expect(data).toEqual({ 'client-ca-file': 'PEM' });
  }
  for (const server of servers) await server.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});
