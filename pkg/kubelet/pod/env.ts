// The environment of a container, in the order of precedence that Kubernetes has: services, envFrom, env. Needs the ConfigMaps
// and Secrets it names; throws ReferenceError in Kubernetes' words when one is missing and not optional.
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../../api/schema/generated/core.v1.gen.ts';
import { fieldValue, ReferenceError, resourceValue, type PodPlace } from './downward.ts';
import { expand } from './env-expansion.ts';

export interface EnvSources {
  /** Undefined when there is none of that name in the pod's namespace. */
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  readonly services: Readonly<Record<string, string>>;
  readonly place: PodPlace;
}

/** The names of all ConfigMaps and Secrets that the container's environment needs. */
export function namedByEnv(spec: Container): { configMaps: string[]; secrets: string[] } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const from of spec.envFrom ?? []) {
    if (from.configMapRef?.name !== undefined) configMaps.add(from.configMapRef.name);
    if (from.secretRef?.name !== undefined) secrets.add(from.secretRef.name);
  }
  for (const { valueFrom } of spec.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name !== undefined) configMaps.add(valueFrom.configMapKeyRef.name);
    if (valueFrom?.secretKeyRef?.name !== undefined) secrets.add(valueFrom.secretKeyRef.name);
  }
  return { configMaps: [...configMaps], secrets: [...secrets] };
}

export function environmentOf(pod: Pod, spec: Container, sources: EnvSources): Map<string, string> {
  const result = new Map<string, string>();
  const services = sources.services;
  for (const from of spec.envFrom ?? []) {
    const values = valuesFrom(from, sources);
    for (const [key, value] of Object.entries(values)) result.set(`${from.prefix ?? ''}${key}`, value);
  }
  const lookup = (name: string) => result.get(name) ?? services[name];
  for (const variable of spec.env ?? []) {
    const value = valueOf(pod, spec, variable, sources, lookup);
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of Object.entries(services)) if (!result.has(name)) result.set(name, value);
  return result;
}

function valueOf(
  pod: Pod,
  spec: Container,
  variable: EnvVar,
  sources: EnvSources,
  lookup: (name: string) => string | undefined,
): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', lookup);
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef, sources.place);
  if (from.resourceFieldRef !== undefined) return resourceValue(pod, spec, from.resourceFieldRef, sources.place);
  const namespace = pod.metadata.namespace ?? '';
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional = false } = from.configMapKeyRef;
    const map = sources.configMap(name);
    const value = map?.data?.[key];
    if (value !== undefined) return value;
    if (optional) return undefined;
    if (map === undefined) throw new ReferenceError(`configmap "${name}" not found`);
    throw new ReferenceError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (from.secretKeyRef !== undefined) {
    const { name = '', key, optional = false } = from.secretKeyRef;
    const secret = sources.secret(name);
    const value = secret?.data?.[key];
    if (value !== undefined) return Buffer.from(value, 'base64').toString();
    if (optional) return undefined;
    if (secret === undefined) throw new ReferenceError(`secret "${name}" not found`);
    throw new ReferenceError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  throw new ReferenceError(`environment variable ${variable.name}: unsupported source`);
}

function valuesFrom(
  from: NonNullable<Container['envFrom']>[number],
  sources: EnvSources,
): Readonly<Record<string, string>> {
  if (from.configMapRef !== undefined) {
    const { name = '', optional = false } = from.configMapRef;
    const map = sources.configMap(name);
    if (map === undefined && !optional) throw new ReferenceError(`configmap "${name}" not found`);
    return map?.data ?? {};
  }
  if (from.secretRef !== undefined) {
    const { name = '', optional = false } = from.secretRef;
    const secret = sources.secret(name);
    if (secret === undefined && !optional) throw new ReferenceError(`secret "${name}" not found`);
    return Object.fromEntries(
      Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }
  return {};
}

/** A command and its arguments with `$(VAR)` filled in. */
export function expandAll(
  texts: readonly string[] | undefined,
  environment: ReadonlyMap<string, string>,
): string[] | undefined {
  return texts?.map((text) => expand(text, (name) => environment.get(name)));
}
