// The files of configMap, secret, downwardAPI and projected volumes, computed from the objects they show. Pure but for the
// tokens, which the caller fetches. Rules and error texts: k8s.io/kubernetes/pkg/volume/{configmap,secret,projected}.
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../api/schema/generated/core.v1.gen.ts';
import { fieldValue, resourceValue, type PodPlace } from '../pod/downward.ts';

export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
}

/** By path relative to the volume. */
export type Payload = Map<string, PayloadFile>;

/** The volume cannot be set up now; the message goes into the FailedMount event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface PayloadSources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  token(projection: ServiceAccountTokenProjection): string;
  readonly place: PodPlace;
}

const DEFAULT_MODE = 0o644;

/** Undefined for a volume that is not made of files from the API. */
export function payloadOf(pod: Pod, volume: Volume, sources: PayloadSources): Payload | undefined {
  const namespace = pod.metadata.namespace ?? '';
  if (volume.configMap !== undefined) {
    const { name = '', items, optional = false, defaultMode = DEFAULT_MODE } = volume.configMap;
    return configMapFiles(sources.configMap(name), { namespace, name, items, optional, defaultMode });
  }
  if (volume.secret !== undefined) {
    const { secretName = '', items, optional = false, defaultMode = DEFAULT_MODE } = volume.secret;
    return secretFiles(sources.secret(secretName), { namespace, name: secretName, items, optional, defaultMode });
  }
  if (volume.downwardAPI !== undefined) {
    const { items = [], defaultMode = DEFAULT_MODE } = volume.downwardAPI;
    return downwardFiles(pod, items, defaultMode, sources.place);
  }
  if (volume.projected !== undefined) {
    const { sources: projections = [], defaultMode = DEFAULT_MODE } = volume.projected;
    const files: Payload = new Map();
    for (const projection of projections) {
      for (const [path, file] of projectedFiles(pod, projection, defaultMode, sources)) files.set(path, file);
    }
    return files;
  }
  return undefined;
}

/** ConfigMaps, Secrets and tokens that the pod's volumes need. */
export function namedByVolumes(pod: Pod): {
  configMaps: string[];
  secrets: string[];
  tokens: ServiceAccountTokenProjection[];
} {
  const configMaps: string[] = [];
  const secrets: string[] = [];
  const tokens: ServiceAccountTokenProjection[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.configMap?.name !== undefined) configMaps.push(volume.configMap.name);
    if (volume.secret?.secretName !== undefined) secrets.push(volume.secret.secretName);
    for (const { configMap, secret, serviceAccountToken } of volume.projected?.sources ?? []) {
      if (configMap?.name !== undefined) configMaps.push(configMap.name);
      if (secret?.name !== undefined) secrets.push(secret.name);
      if (serviceAccountToken !== undefined) tokens.push(serviceAccountToken);
    }
  }
  return { configMaps, secrets, tokens };
}

interface Selection {
  readonly namespace: string;
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly optional: boolean;
  readonly defaultMode: number;
}

function configMapFiles(map: ConfigMap | undefined, selection: Selection): Payload {
  if (map === undefined) {
    if (selection.optional) return new Map();
    throw new VolumeError(`configmap "${selection.name}" not found`);
  }
  const values = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(map.data ?? {})) values.set(key, Buffer.from(text));
  for (const [key, data] of Object.entries(map.binaryData ?? {})) values.set(key, Buffer.from(data, 'base64'));
  return select(values, selection, 'configmap');
}

function secretFiles(secret: Secret | undefined, selection: Selection): Payload {
  if (secret === undefined) {
    if (selection.optional) return new Map();
    throw new VolumeError(`secret "${selection.name}" not found`);
  }
  const values = new Map<string, Uint8Array>();
  for (const [key, data] of Object.entries(secret.data ?? {})) values.set(key, Buffer.from(data, 'base64'));
  return select(values, selection, 'secret');
}

function select(values: ReadonlyMap<string, Uint8Array>, selection: Selection, what: string): Payload {
  const files: Payload = new Map();
  if (selection.items === undefined || selection.items.length === 0) {
    for (const [key, data] of values) files.set(key, { data, mode: selection.defaultMode });
    return files;
  }
  for (const { key, path, mode } of selection.items) {
    const data = values.get(key);
    if (data !== undefined) files.set(path, { data, mode: mode ?? selection.defaultMode });
    else if (!selection.optional)
      throw new VolumeError(`${what} references non-existent ${what === 'secret' ? 'secret' : 'config'} key: ${key}`);
  }
  return files;
}

function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
  place: PodPlace,
): Payload {
  const files: Payload = new Map();
  for (const { path, mode, fieldRef, resourceFieldRef } of items) {
    let text = '';
    if (fieldRef !== undefined) text = fieldValue(pod, fieldRef, place);
    else if (resourceFieldRef !== undefined) {
      const [first] = pod.spec.containers;
      if (first !== undefined) text = resourceValue(pod, first, resourceFieldRef, place);
    }
    files.set(path, { data: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return files;
}

function projectedFiles(pod: Pod, projection: VolumeProjection, defaultMode: number, sources: PayloadSources): Payload {
  const namespace = pod.metadata.namespace ?? '';
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (configMap !== undefined) {
    const { name = '', items, optional = false } = configMap;
    return configMapFiles(sources.configMap(name), { namespace, name, items, optional, defaultMode });
  }
  if (secret !== undefined) {
    const { name = '', items, optional = false } = secret;
    return secretFiles(sources.secret(name), { namespace, name, items, optional, defaultMode });
  }
  if (downwardAPI !== undefined) return downwardFiles(pod, downwardAPI.items ?? [], defaultMode, sources.place);
  if (serviceAccountToken !== undefined) {
    const data = Buffer.from(sources.token(serviceAccountToken));
    return new Map([[serviceAccountToken.path, { data, mode: defaultMode }]]);
  }
  throw new VolumeError('this kind of projected source is not supported on this node');
}
