import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import { UnreachableError } from '../../client/transport.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { signRequest, validityOf } from '../../pki/certificate-request.ts';
import { CertificateStore } from '../../pki/certificate-store.ts';
import { createAuthority } from '../../pki/certificates.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import { rotationTime } from './rotation-time.ts';

const MINUTE = 60_000;
const home = mkdtempSync(join(tmpdir(), 'typekube-keeper-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A cluster that signs at once, for ten minutes, unless it is told what else to do. */
class SigningCluster {
  readonly clock = new VirtualClock();
  readonly #authority = createAuthority('test', 1, this.clock.now());
  readonly #requests = new Map<string, CertificateSigningRequest>();
  asked = 0;
  fault: Error | undefined;

  get client(): Client {
    // The keeper asks for nothing else of a client.
    return { resource: () => ({ create: this.#create, get: this.#get }) } as unknown as Client;
  }

  readonly #create = async (request: CertificateSigningRequest): Promise<CertificateSigningRequest> => {
    if (this.fault !== undefined) throw this.fault;
    const name = `csr-${++this.asked}`;
    const now = this.clock.now();
    const pem = Buffer.from(request.spec.request, 'base64').toString('latin1');
    const times = { notBefore: now, notAfter: now + 10 * MINUTE, usages: request.spec.usages ?? [] };
    const certificate = await signRequest(await this.#authority, pem, times);
    const status = { certificate: Buffer.from(certificate).toString('base64') };
    const made = { ...request, metadata: { ...request.metadata, name }, status };
    this.#requests.set(name, made);
    return made;
  };

  readonly #get = async ({ name }: { name: string }): Promise<CertificateSigningRequest> => {
    const found = this.#requests.get(name);
    if (found === undefined) throw new ApiError('NotFound', 'gone');
    return found;
  };
}

function keeping(cluster: SigningCluster, asksWithIt: boolean) {
  const keeper = new CertificateKeeper({
    purpose: 'client',
    store: new CertificateStore(mkdtempSync(join(home, 'k')), 'kubelet-client'),
    client: cluster.client,
    wish: {
      subject: { commonName: 'system:node:a', organizations: ['system:nodes'], hosts: ['a'] },
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
    },
    asksWithIt,
    clock: cluster.clock,
    random: () => 0.5,
    log: silentLogger,
  });
  const stop = new AbortController();
  const renewed: number[] = [];
  keeper.onChange(() => renewed.push(cluster.clock.now()));
  return { keeper, renewed, run: keeper.run(stop.signal), stop: () => stop.abort() };
}

test.each([
  [0, 70],
  [0.5, 80],
  [0.999999, 90],
])('a certificate is renewed after 70 to 90 percent of its life', (random, percent) => {
  expect(rotationTime({ notBefore: 1000, notAfter: 1100 }, () => random)).toBeCloseTo(1000 + percent, 2);
});

describe('the keeper of a certificate', () => {
  test('asks for one at once, and for another before it expires', async () => {
    const cluster = new SigningCluster();
    const { keeper, renewed, run, stop } = keeping(cluster, false);
    const start = cluster.clock.now();
    await vi.waitFor(() => expect(renewed).toHaveLength(1));
    const first = keeper.current();
    await cluster.clock.advance(8 * MINUTE - 1);
    expect(renewed).toHaveLength(1);
    await cluster.clock.advance(1);
    await vi.waitFor(() => expect(renewed).toHaveLength(2));
    expect(renewed).toEqual([start, start + 8 * MINUTE]);
    expect(keeper.current()).not.toEqual(first);
    stop();
    await run;
  });

  test('goes on trying with growing pauses while the cluster is away', async () => {
    const cluster = new SigningCluster();
    cluster.fault = new UnreachableError('away');
    const { renewed, run, stop } = keeping(cluster, false);
    await cluster.clock.advance(5 * MINUTE);
    expect(renewed).toEqual([]);
    cluster.fault = undefined;
    await cluster.clock.advance(2 * MINUTE);
    await vi.waitFor(() => expect(renewed).toHaveLength(1));
    stop();
    await run;
  });

  test('ends when the certificate with which it would ask has expired', async () => {
    const cluster = new SigningCluster();
    const { keeper, renewed, run } = keeping(cluster, true);
    await vi.waitFor(() => expect(renewed).toHaveLength(1));
    cluster.fault = new ApiError('Unauthorized', 'Unauthorized');
    const ended = expect(run).rejects.toThrow('expired at');
    while (cluster.clock.now() < validityOf(keeper.current()?.certificate ?? '').notAfter + 3 * MINUTE)
      await cluster.clock.advance(MINUTE);
    await ended;
  });
});
