// A cluster's entry in the user's kubeconfig: added and made current by `cluster create`, taken out by `cluster delete`,
// everything else in the file left as it is.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';

interface Named {
  name: string;
}
interface Kubeconfig {
  apiVersion: string;
  kind: string;
  preferences: object;
  clusters: (Named & { cluster: object })[];
  users: (Named & { user: object })[];
  contexts: (Named & { context: object })[];
  'current-context': string;
}

export interface AdminAccess {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** The file that `kubectl config` would write to: the first of $KUBECONFIG, else ~/.kube/config. */
export function kubeconfigPath(env: NodeJS.ProcessEnv = process.env): string {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed[0] ?? join(env['HOME'] ?? homedir(), '.kube', 'config');
}

/** Clusters, users and contexts are named like the cluster behind this prefix, as kind does with its own. */
export function contextName(cluster: string): string {
  return `typekube-${cluster}`;
}

export function kubeconfigFor(cluster: string, access: AdminAccess): Kubeconfig {
  return withEntry(emptyKubeconfig(), cluster, access);
}

export function mergeIntoKubeconfig(path: string, cluster: string, access: AdminAccess): void {
  writeKubeconfig(path, withEntry(readKubeconfig(path), cluster, access));
}

export function removeFromKubeconfig(path: string, cluster: string): void {
  if (!existsSync(path)) return;
  const name = contextName(cluster);
  const config = readKubeconfig(path);
  const kept = <T extends Named>(entries: T[]) => entries.filter((entry) => entry.name !== name);
  if (
    kept(config.contexts).length === config.contexts.length &&
    kept(config.clusters).length === config.clusters.length
  )
    return;
  writeKubeconfig(path, {
    ...config,
    clusters: kept(config.clusters),
    users: kept(config.users),
    contexts: kept(config.contexts),
    'current-context': config['current-context'] === name ? '' : config['current-context'],
  });
}

export function renderKubeconfig(config: object): string {
  return stringify(config, { lineWidth: 0 });
}

function withEntry(config: Kubeconfig, cluster: string, access: AdminAccess): Kubeconfig {
  const name = contextName(cluster);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const others = <T extends Named>(entries: T[]) => entries.filter((entry) => entry.name !== name);
  return {
    ...config,
    clusters: [
      ...others(config.clusters),
      { name, cluster: { 'certificate-authority-data': base64(access.authority), server: access.server } },
    ],
    users: [
      ...others(config.users),
      {
        name,
        user: { 'client-certificate-data': base64(access.certificate), 'client-key-data': base64(access.key) },
      },
    ],
    contexts: [...others(config.contexts), { name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

function emptyKubeconfig(): Kubeconfig {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: [],
    users: [],
    contexts: [],
    'current-context': '',
  };
}

function readKubeconfig(path: string): Kubeconfig {
  if (!existsSync(path)) return emptyKubeconfig();
  const parsed: unknown = parse(readFileSync(path, 'utf8'));
  if (parsed === null) return emptyKubeconfig();
  if (typeof parsed !== 'object') throw new Error(`${path} is not a kubeconfig file`);
  const given = parsed as Partial<Kubeconfig>; // lists may be missing or null, as kubectl writes them
  return {
    ...emptyKubeconfig(),
    ...given,
    clusters: given.clusters ?? [],
    users: given.users ?? [],
    contexts: given.contexts ?? [],
  };
}

function writeKubeconfig(path: string, config: Kubeconfig): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, renderKubeconfig(config), { mode: 0o600 });
  renameSync(draft, path);
}
