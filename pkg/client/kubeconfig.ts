// Kubernetes' kubeconfig: reading it, merging the files that KUBECONFIG names, and picking a context. What comes out is a
// plain description of how to reach a cluster; kubeconfig-transport.ts opens it. Rules: kubectl's clientcmd loader.
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';

export interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
}

export interface UserEntry {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
  readonly exec?: object;
}

export interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** One or several files, merged. Paths in it are absolute. */
export interface KubeConfig {
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly currentContext: string | undefined;
}

/** A context with its names resolved. */
export interface ResolvedContext {
  readonly name: string | undefined;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly namespace: string;
}

/** The configuration cannot be used; the message is kubectl's. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}

export interface KubeConfigSource {
  /** `--kubeconfig`: this file and no other; it must exist. */
  readonly path?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory, for ~/.kube/config. */
  readonly home: string;
}

/** The files that are read, in order of precedence. */
export function kubeConfigPaths(source: KubeConfigSource): string[] {
  if (source.path !== undefined && source.path !== '') return [source.path];
  const listed = (source.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(source.home, '.kube', 'config')];
}

/** Missing files are empty, except one named by `path`. */
export async function loadKubeConfig(source: KubeConfigSource): Promise<KubeConfig> {
  const explicit = source.path !== undefined && source.path !== '';
  const files = await Promise.all(kubeConfigPaths(source).map((path) => readKubeConfig(path, explicit)));
  return mergeKubeConfigs(files);
}

async function readKubeConfig(path: string, mustExist: boolean): Promise<KubeConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing && !mustExist) return mergeKubeConfigs([]);
    if (missing) throw new KubeConfigError(`stat ${path}: no such file or directory`);
    throw new KubeConfigError(`cannot read ${path}`, { cause });
  }
  return parseKubeConfig(text, path);
}

/** For each name the first file that has it wins, and the first file that sets the current context. */
export function mergeKubeConfigs(configs: readonly KubeConfig[]): KubeConfig {
  const merged = <T>(pick: (config: KubeConfig) => ReadonlyMap<string, T>) =>
    new Map(configs.toReversed().flatMap((config) => [...pick(config)]));
  return {
    clusters: merged((config) => config.clusters),
    users: merged((config) => config.users),
    contexts: merged((config) => config.contexts),
    currentContext: configs.find((config) => config.currentContext !== undefined)?.currentContext,
  };
}

/** `path` is where the text stands: relative file names in it are relative to its directory. */
export function parseKubeConfig(text: string, path: string): KubeConfig {
  let root: unknown;
  try {
    root = parse(text);
  } catch (cause) {
    throw new KubeConfigError(`error loading config file "${path}"`, { cause });
  }
  if (root === null || root === undefined) return mergeKubeConfigs([]);
  if (!isRecord(root)) throw new KubeConfigError(`error loading config file "${path}": not a mapping`);
  const current = root['current-context'];
  const locate = (entry: Record<string, unknown>, names: readonly string[]) => {
    const located = { ...entry };
    for (const name of names) {
      const value = entry[name];
      if (typeof value === 'string' && value !== '' && !isAbsolute(value)) located[name] = join(dirname(path), value);
    }
    return located;
  };
  return {
    clusters: named(root['clusters'], 'cluster', (entry) => locate(entry, ['certificate-authority'])),
    users: named(root['users'], 'user', (entry) => {
      const located = locate(entry, ['client-certificate', 'client-key', 'tokenFile']);
      const exec = located['exec'];
      // A program is looked for on the PATH unless it is a path.
      const isPath = isRecord(exec) && typeof exec['command'] === 'string' && exec['command'].includes('/');
      return isPath ? { ...located, exec: locate(exec, ['command']) } : located;
    }),
    contexts: named(root['contexts'], 'context', (entry) => entry),
    currentContext: typeof current === 'string' && current !== '' ? current : undefined,
  };
}

function named<T extends object>(
  list: unknown,
  field: string,
  complete: (entry: Record<string, unknown>) => Record<string, unknown>,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const item of Array.isArray(list) ? list : []) {
    if (!isRecord(item) || typeof item['name'] !== 'string' || found.has(item['name'])) continue;
    const entry = item[field];
    // Wrong types inside an entry show when it is used; kubectl refuses the file, a difference nobody meets in practice.
    found.set(item['name'], complete(isRecord(entry) ? entry : {}) as T);
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ContextOverrides {
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** Throws KubeConfigError when a name that is asked for is not there. */
export function resolveContext(config: KubeConfig, overrides: ContextOverrides = {}): ResolvedContext {
  const name = overrides.context ?? config.currentContext;
  const context = name === undefined ? undefined : config.contexts.get(name);
  if (overrides.context !== undefined && context === undefined) {
    throw new KubeConfigError(`context "${overrides.context}" does not exist`);
  }
  if (name !== undefined && context === undefined && overrides.cluster === undefined) {
    throw new KubeConfigError(`context was not found for specified context: ${name}`);
  }
  const clusterName = overrides.cluster ?? context?.cluster;
  const cluster = clusterName === undefined ? undefined : config.clusters.get(clusterName);
  if (overrides.cluster !== undefined && cluster === undefined) {
    throw new KubeConfigError(`cluster "${overrides.cluster}" does not exist`);
  }
  const userName = overrides.user ?? context?.user;
  const user = userName === undefined ? undefined : config.users.get(userName);
  if (overrides.user !== undefined && user === undefined) {
    throw new KubeConfigError(`auth info "${overrides.user}" does not exist`);
  }
  return {
    name,
    cluster: cluster ?? {},
    user: user ?? {},
    namespace: overrides.namespace || context?.namespace || 'default',
  };
}
