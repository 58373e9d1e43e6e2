// What a machine says whose clock is wrong, or behind whose cluster somebody else answers: against a real server on this machine.
import { createServer, type Server } from 'node:https';
import { CompactSign } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '../clock/clock.ts';
import { publicKeyPin } from '../pki/certificate-request.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../pki/certificates.ts';
import { bootstrapMaps } from './bootstrap-objects.ts';
import { discover } from './join-discovery.ts';

const token = { id: 'abcdef', secret: '0123456789abcdef' };
const YEAR_MS = 366 * 24 * 3_600_000;
const names = { commonName: 'kube-apiserver', hosts: ['127.0.0.1'], usages: ['server' as const] };
const never = new AbortController().signal;
let server: Server | undefined;
afterEach(() => void server?.close());

/** Serves a signed cluster-info that names `authority`, with a certificate of `signer`; answers with where. */
async function serve(authority: KeyPair, signer: KeyPair, days: number, from: number): Promise<string> {
  const { certificate: cert, key } = await issueCertificate(signer, { ...names, days }, from);
  const settings = {
    clusterCidr: '10.0.0.0/16',
    serviceCidr: '10.1.0.0/16',
    clusterDns: '10.1.0.10',
    clusterDomain: 'x',
  };
  const maps = bootstrapMaps({ ...settings, server: 'https://127.0.0.1:1', authority: authority.certificate });
  const kubeconfig = maps.find(({ name }) => name === 'cluster-info')?.data['kubeconfig'] ?? '';
  const [header, , signature] = (
    await new CompactSign(Buffer.from(kubeconfig))
      .setProtectedHeader({ alg: 'HS256', kid: token.id })
      .sign(Buffer.from(token.secret))
  ).split('.');
  const data = { kubeconfig, [`jws-kubeconfig-${token.id}`]: `${header}..${signature}` };
  const listening = createServer({ cert, key }, (_request, response) => void response.end(JSON.stringify({ data })));
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const bound = listening.address();
  return `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
}

test.each([
  {
    name: 'a clock that is behind is named, with what it says',
    made: YEAR_MS,
    says: /^the certificate of the server at 127\.0\.0\.1:\d+ is not valid yet by the clock of this machine, which says 20\S+Z; /,
  },
  {
    name: 'so is one that is ahead',
    made: -YEAR_MS,
    says: /^the certificate of the server at 127\.0\.0\.1:\d+ has expired by the clock of this machine, /,
  },
])('$name', async ({ made, says }) => {
  const at = Date.now() + made;
  const authority = await createAuthority('cluster', 3650, made < 0 ? at : Date.now());
  const endpoint = await serve(authority, authority, 30, at);
  const pins = [publicKeyPin(authority.certificate)];
  await expect(discover({ endpoint, token, pins, clock: realClock }, never)).rejects.toThrow(says);
});

test('a server with the certificate of another authority is not believed, whatever it shows', async () => {
  const [authority, other] = [
    await createAuthority('cluster', 30, Date.now()),
    await createAuthority('cluster', 30, Date.now()),
  ];
  const endpoint = await serve(authority, other, 30, Date.now());
  const pins = [publicKeyPin(authority.certificate)];
  await expect(discover({ endpoint, token, pins, clock: realClock }, never)).rejects.toThrow(
    /does not show a certificate of the cluster's authority for that address/,
  );
});
