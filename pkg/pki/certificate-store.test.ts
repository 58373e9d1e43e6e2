import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CertificateStore } from './certificate-store.ts';
import { createAuthority } from './certificates.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const home = mkdtempSync(join(tmpdir(), 'typekube-store-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('the newest pair is found by a link, readable by its owner only, and few old ones stay', async () => {
  const directory = join(home, 'rotation');
  const store = new CertificateStore(directory, 'kubelet-client');
  expect(await store.current()).toBeUndefined();
  for (let round = 0; round < 5; round++) {
    const pair = await createAuthority('test', 1, NOW);
    await store.replace(pair, NOW + round * 1000);
    expect(await store.current()).toEqual({ certificate: `${pair.certificate.trimEnd()}\n`, key: pair.key });
  }
  expect(readlinkSync(store.currentFile)).toBe('kubelet-client-2026-06-01-00-00-04.pem');
  expect(statSync(store.currentFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory).toSorted()).toEqual([
    'kubelet-client-2026-06-01-00-00-02.pem',
    'kubelet-client-2026-06-01-00-00-03.pem',
    'kubelet-client-2026-06-01-00-00-04.pem',
    'kubelet-client-current.pem',
  ]);
});

test('a pair that does not belong together, or is damaged, is none', async () => {
  const store = new CertificateStore(home, 'odd');
  const [one, other] = await Promise.all([createAuthority('a', 1, NOW), createAuthority('b', 1, NOW)]);
  for (const text of ['', one.certificate, one.certificate + other.key, 'nonsense']) {
    writeFileSync(store.currentFile, text);
    expect(await store.current()).toBeUndefined();
  }
});
