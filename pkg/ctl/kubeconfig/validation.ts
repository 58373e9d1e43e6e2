// What client-go refuses about a chosen context before it asks any server. Sentences are client-go's.
import { readFile } from 'node:fs/promises';
import type { ClusterEntry, UserEntry } from '../../client/kubeconfig.ts';
import { Failure, PlainFailure } from '../cli/failure.ts';

export interface ChosenNames {
  readonly cluster: string;
  readonly user: string;
  /** Whether a flag names the namespace. */
  readonly namespaceGiven: boolean;
}

/** Throws Failure for one fault, and all of them as a list when there are several. */
export async function checkConfiguration(cluster: ClusterEntry, user: UserEntry, names: ChosenNames): Promise<void> {
  const faults = [...(await clusterFaults(cluster, names.cluster)), ...(await userFaults(user, names.user))];
  const [first] = faults;
  if (faults.length > 1)
    throw new PlainFailure(`Error in configuration: \n${faults.map((fault) => `* ${fault}`).join('\n')}`);
  // kubectl meets the fault elsewhere when it need not look for a namespace.
  if (first !== undefined)
    throw names.namespaceGiven ? new PlainFailure(`Error in configuration: ${first}`) : new Failure(first);
  if (
    cluster['insecure-skip-tls-verify'] === true &&
    (given(cluster, 'certificate-authority') || given(cluster, 'certificate-authority-data'))
  )
    throw new Failure('specifying a root certificates file with the insecure flag is not allowed');
  await checkAuthority(cluster);
}

function given<F extends string>(entry: { readonly [K in F]?: string }, field: F): boolean {
  return (entry[field] ?? '') !== '';
}

async function clusterFaults(cluster: ClusterEntry, name: string): Promise<string[]> {
  if (given(cluster, 'certificate-authority-data')) return [];
  return fileFaults(cluster['certificate-authority'], 'certificate-authority', name);
}

async function userFaults(user: UserEntry, name: string): Promise<string[]> {
  const faults: string[] = [];
  const methods = [
    ...(given(user, 'token') ? ['token'] : []),
    ...(given(user, 'username') || given(user, 'password') ? ['basicAuth'] : []),
  ];
  if (given(user, 'client-certificate') || given(user, 'client-certificate-data')) {
    if (!given(user, 'client-key') && !given(user, 'client-key-data'))
      faults.push(
        `client-key-data or client-key must be specified for ${name} to use the clientCert authentication method.`,
      );
    faults.push(...(await fileFaults(user['client-certificate'], 'client-cert', name)));
    faults.push(...(await fileFaults(user['client-key'], 'client-key', name)));
  }
  if (methods.length > 1)
    faults.push(
      `more than one authentication method found for ${name}; found [${methods.join(' ')}], only one is allowed`,
    );
  const impersonates =
    given(user, 'as-uid') ||
    (user['as-groups'] ?? []).length > 0 ||
    Object.keys(user['as-user-extra'] ?? {}).length > 0;
  if (impersonates && !given(user, 'as'))
    faults.push(`requesting uid, groups or user-extra for ${name} without impersonating a user`);
  return faults;
}

async function fileFaults(path: string | undefined, what: string, name: string): Promise<string[]> {
  if (path === undefined || path === '') return [];
  try {
    await readFile(path);
    return [];
  } catch (error) {
    return [`unable to read ${what} ${path} for ${name} due to open ${path}: ${reasonOf(error)}`];
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'is a directory';
  return String(code);
}

/** Node takes an authority that is none for an empty one; client-go refuses it. */
async function checkAuthority(cluster: ClusterEntry): Promise<void> {
  const path = cluster['certificate-authority'] ?? '';
  const data = cluster['certificate-authority-data'] ?? '';
  if (path === '' && data === '') return;
  const text = data === '' ? await readFile(path, 'latin1') : Buffer.from(data, 'base64').toString('latin1');
  if (!text.includes('-----BEGIN '))
    throw new Failure('unable to load root certificates: unable to parse bytes as PEM block');
}
