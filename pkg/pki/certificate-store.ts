// A certificate that is renewed now and then, with its key in one file, laid out like the kubelet's: NAME-current.pem is a link to the
// newest of NAME-<time>.pem. A reader finds the old pair or the new one, never half of each.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../clock/clock.ts';
import type { KeyPair } from './certificates.ts';

/** Older pairs that stay, for whoever wants to see what was. */
const KEPT = 2;

export class CertificateStore {
  readonly #directory: string;
  readonly #name: string;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  /** The link that always leads to the newest pair. */
  get currentFile(): string {
    return join(this.#directory, `${this.#name}-current.pem`);
  }

  /** Undefined when there is none, or none that can be used. */
  async current(): Promise<KeyPair | undefined> {
    let text: string;
    try {
      text = await readFile(this.currentFile, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw new Error(`cannot read ${this.currentFile}`, { cause });
    }
    const pair = {
      certificate: blocksOf(text, 'CERTIFICATE'),
      key: blocksOf(text, '(?:EC |RSA )?PRIVATE KEY'),
    };
    return belongTogether(pair) ? pair : undefined;
  }

  /** On disk before this resolves: a certificate that was lost would have to be asked for again. */
  async replace(pair: KeyPair, now: Instant): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
    const name = `${this.#name}-${time}.pem`;
    const draft = join(this.#directory, `${name}.${process.pid}.new`);
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${pair.certificate.trimEnd()}\n${pair.key.trimEnd()}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(this.#directory, name));
    const link = `${this.currentFile}.${process.pid}.new`;
    await rm(link, { force: true });
    await symlink(name, link);
    await rename(link, this.currentFile);
    await this.#forgetOld(name);
  }

  async #forgetOld(newest: string): Promise<void> {
    const pattern = new RegExp(`^${this.#name}-\\d{4}-\\d\\d-\\d\\d-\\d\\d-\\d\\d-\\d\\d\\.pem$`);
    const old = (await readdir(this.#directory)).filter((file) => pattern.test(file) && file !== newest).toSorted();
    await Promise.all(old.slice(0, -KEPT).map((file) => rm(join(this.#directory, file), { force: true })));
  }
}

function blocksOf(text: string, label: string): string {
  const blocks = text.match(new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----`, 'g')) ?? [];
  return blocks.map((block) => `${block}\n`).join('');
}

function belongTogether({ certificate, key }: KeyPair): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
