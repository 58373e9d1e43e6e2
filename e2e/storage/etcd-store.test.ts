// The store contract on a real etcd, and what only a server in another process can do: restart, vanish, ask for certificates.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock } from '../../pkg/clock/clock.ts';
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts';
import { describeStore } from '../../pkg/storage/contract/store-contract.ts';
import { openEtcdStore } from '../../pkg/storage/etcd/etcd-store.ts';
import type { Store } from '../../pkg/storage/store.ts';
import { freePort, startEtcd, startEtcdMembers, type EtcdServer } from '../support/etcd-server.ts';

let etcd: EtcdServer;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd[Symbol.asyncDispose]());

const bytes = (text: string) => new TextEncoder().encode(text);
const open = () => openEtcdStore({ endpoints: [etcd.endpoint], clock: realClock });

async function emptied(store: Store): Promise<Store> {
  for (const { key, revision } of (await store.list('/')).entries) await store.delete(key, revision);
  return store;
}

describeStore('etcd', {
  open: () => emptied(open()),
  reopen: async (store) => {
    await store.close();
    return open();
  },
});

test('a watch goes on over a restart of etcd without losing or repeating a change', async () => {
  await using resources = new AsyncDisposableStack();
  const store = open();
  resources.defer(() => store.close());
  const from = await store.revision();
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const batch of store.watch('/restart/', from, stop.signal)) {
      seen.push(...batch.changes.map((change) => change.key));
      if (seen.length >= 60) return;
    }
  })();
  const written: string[] = [];
  for (let n = 0; n < 60; n++) {
    if (n === 20 || n === 40) {
      await etcd.kill();
      void etcd.start();
    }
    const swap = await store.create(`/restart/${n}`, bytes(`${n}`));
    expect(swap.ok).toBe(true);
    written.push(`/restart/${n}`);
  }
  await watching;
  stop.abort();
  expect(seen).toEqual(written);
}, 60_000);

test('works with several endpoints of which one is dead', async () => {
  await using resources = new AsyncDisposableStack();
  const dead = `http://127.0.0.1:${await freePort()}`;
  const store = openEtcdStore({ endpoints: [dead, etcd.endpoint], clock: realClock });
  resources.defer(() => store.close());
  for (let n = 0; n < 10; n++) expect((await store.create(`/several/${n}`, bytes('x'))).ok).toBe(true);
});

test('speaks TLS with a client certificate', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-etcd-tls-'));
  await using resources = new AsyncDisposableStack();
  resources.defer(() => rmSync(directory, { recursive: true, force: true }));
  const now = realClock.now();
  const authority = await createAuthority('etcd-ca', 10, now);
  const pair = await issueCertificate(
    authority,
    { commonName: 'etcd', hosts: ['127.0.0.1', 'localhost'], usages: ['server', 'client'], days: 2 },
    now,
  );
  const files = {
    caFile: join(directory, 'ca.crt'),
    certFile: join(directory, 'etcd.crt'),
    keyFile: join(directory, 'etcd.key'),
  };
  writeFileSync(files.caFile, authority.certificate);
  writeFileSync(files.certFile, pair.certificate);
  writeFileSync(files.keyFile, pair.key);
  const secured = resources.use(await startEtcd(files));
  const store = openEtcdStore({ endpoints: [secured.endpoint], ...files, clock: realClock });
  resources.defer(() => store.close());
  expect((await store.create('/tls', bytes('1'))).ok).toBe(true);
});

test('three members: whichever is killed, writes go on and a watch loses and repeats nothing', async () => {
  await using resources = new AsyncDisposableStack();
  const members = await startEtcdMembers(3);
  for (const member of members) resources.use(member);
  const store = openEtcdStore({ endpoints: members.map(({ endpoint }) => endpoint), clock: realClock });
  resources.defer(() => store.close());
  const from = await store.revision();
  const stop = new AbortController();
  const seen: string[] = [];
  const COUNT = 150;
  const watching = (async () => {
    for await (const batch of store.watch('/members/', from, stop.signal)) {
      seen.push(...batch.changes.map((change) => change.key));
      if (seen.length >= COUNT) return;
    }
  })();
  const written: string[] = [];
  let longest = 0;
  for (let n = 0; n < COUNT; n++) {
    // Every 50 writes the next member, the leader among them, dies and comes back a few writes later.
    const member = members[Math.floor(n / 50)];
    if (n % 50 === 10) await member?.kill();
    if (n % 50 === 40) await member?.start();
    const began = performance.now();
    const swap = await store.create(`/members/${n}`, bytes(`${n}`));
    longest = Math.max(longest, performance.now() - began);
    expect(swap.ok).toBe(true);
    written.push(`/members/${n}`);
  }
  await watching;
  stop.abort();
  expect(seen).toEqual(written);
  expect(longest).toBeLessThan(10_000);
}, 120_000);
