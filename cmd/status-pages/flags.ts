// The flags of programs that serve status pages, by Kubernetes' names, and what they say.
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { UsageError } from '../program.ts';

export interface StatusPagesSettings {
  readonly host: string;
  /** 0: none are served. */
  readonly port: number;
  /** PEM; undefined: a certificate is made at every start. */
  readonly serving: { readonly certificate: string; readonly key: string } | undefined;
  /** PEM; undefined: what the cluster says, in the ConfigMap kube-system/extension-apiserver-authentication. */
  readonly clientAuthority: string | undefined;
  /** Paths for everybody; one that ends in `*` stands for all that begin so. */
  readonly openPaths: readonly string[];
}

export function statusPagesFlags(port: number): Option[] {
  return [
    new Option('--secure-port <port>', 'port for HTTPS (/healthz, /metrics); 0 for none').default(String(port)),
    new Option('--bind-address <ip>', 'address to listen on').default('127.0.0.1'),
    new Option('--tls-cert-file <file>', 'serving certificate of that port; one is made at every start when not given'),
    new Option('--tls-private-key-file <file>', 'key of the serving certificate'),
    new Option(
      '--client-ca-file <file>',
      'who signs the certificates of those who ask (default: as the cluster says in kube-system/extension-apiserver-authentication)',
    ),
    new Option('--authorization-always-allow-paths <paths>', 'paths of that port that everybody may read').default(
      '/healthz,/readyz,/livez',
    ),
  ];
}

export async function statusPagesSettings(flags: Readonly<Record<string, unknown>>): Promise<StatusPagesSettings> {
  const [certFile, keyFile, clientCaFile] = ['tlsCertFile', 'tlsPrivateKeyFile', 'clientCaFile'].map((name) =>
    textOf(flags[name]),
  );
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('--tls-cert-file and --tls-private-key-file must be given together');
  return {
    host: textOf(flags['bindAddress']) ?? '127.0.0.1',
    port: portOf(flags['securePort']),
    serving:
      certFile === undefined || keyFile === undefined
        ? undefined
        : {
            certificate: await contentOf('--tls-cert-file', certFile),
            key: await contentOf('--tls-private-key-file', keyFile),
          },
    clientAuthority: clientCaFile === undefined ? undefined : await contentOf('--client-ca-file', clientCaFile),
    openPaths: (textOf(flags['authorizationAlwaysAllowPaths']) ?? '').split(',').filter((path) => path !== ''),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function portOf(value: unknown): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--secure-port is "${String(value)}", must be a port number`);
}

async function contentOf(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${flag} ${path}`, { cause });
  }
}
