// Validation of environment variables and their sources, which volumes of the downward API share.
import type { Faults, Segment } from '../../meta/field-faults.ts';
import {
  configKeyFaults,
  dnsSubdomainFaults,
  envVarNameFaults,
  qualifiedNameFaults,
  subdomainName,
} from '../../meta/names.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../schema/generated/core.v1.gen.ts';

const ENV_FIELD_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** What the downward API knows at all; variables and volumes each offer a part of it. */
const KNOWN_FIELD_PATHS: ReadonlySet<string> = new Set([
  ...ENV_FIELD_PATHS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
export const VOLUME_FIELD_PATHS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

const RESOURCES = ['cpu', 'ephemeral-storage', 'memory'].flatMap((name) => [`limits.${name}`, `requests.${name}`]);
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateEnv(faults: Faults, variables: readonly EnvVar[] | undefined): void {
  faults.each('env', variables, (variable) => {
    if (!variable.name) faults.required('name');
    else faults.invalidAll('name', variable.name, envVarNameFaults(variable.name));
    const { valueFrom } = variable;
    if (valueFrom !== undefined) faults.at('valueFrom', () => validateSource(faults, valueFrom, variable.value));
  });
}

function validateSource(faults: Faults, source: EnvVarSource, value: string | undefined): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  let sources = 0;
  const one = (segment: string, check: () => void) => {
    sources++;
    faults.at(segment, check);
  };
  if (fieldRef !== undefined) one('fieldRef', () => validateFieldRef(faults, fieldRef, ENV_FIELD_PATHS));
  if (resourceFieldRef !== undefined) {
    one('resourceFieldRef', () => validateResourceFieldRef(faults, resourceFieldRef, 'variable'));
  }
  if (configMapKeyRef !== undefined) one('configMapKeyRef', () => validateKeySelector(faults, configMapKeyRef));
  if (secretKeyRef !== undefined) one('secretKeyRef', () => validateKeySelector(faults, secretKeyRef));
  if (fileKeyRef !== undefined) {
    one('fileKeyRef', () => {
      for (const field of ['key', 'volumeName', 'path'] as const) if (!fileKeyRef[field]) faults.required(field);
    });
  }
  if (sources === 0) {
    faults.invalid(
      '',
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  } else if (value) faults.invalid('', '', 'may not be specified when `value` is not empty');
  else if (sources > 1) faults.invalid('', '', 'may not have more than one field specified at a time');
}

function validateKeySelector(faults: Faults, selector: ConfigMapKeySelector): void {
  faults.invalidAll('name', selector.name ?? '', dnsSubdomainFaults(selector.name ?? ''));
  if (!selector.key) faults.required('key');
  else faults.invalidAll('key', selector.key, configKeyFaults(selector.key));
}

export function validateEnvFrom(faults: Faults, sources: readonly EnvFromSource[] | undefined): void {
  faults.each('envFrom', sources, ({ prefix, configMapRef, secretRef }) => {
    if (prefix) faults.invalidAll('prefix', prefix, envVarNameFaults(prefix));
    checkObjectName(faults, 'configMapRef', configMapRef);
    checkObjectName(faults, 'secretRef', secretRef);
  });
  // Kubernetes reports these for the list, not for the item.
  for (const { configMapRef, secretRef } of sources ?? []) {
    if (configMapRef === undefined && secretRef === undefined) {
      faults.invalid('envFrom', '', 'must specify one of: `configMapRef` or `secretRef`');
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      faults.invalid('envFrom', '', 'may not have more than one field specified at a time');
    }
  }
}

/** Kubernetes takes these for the beginnings of names. */
function checkObjectName(faults: Faults, segment: string, reference: { name?: string } | undefined): void {
  if (reference === undefined) return;
  if (!reference.name) faults.required([segment, 'name']);
  else faults.invalidAll([segment, 'name'], reference.name, subdomainName(reference.name, true));
}

/** The current path is the reference's own; `offered` are the paths that may be named without a subscript. */
export function validateFieldRef(faults: Faults, reference: ObjectFieldSelector, offered: readonly string[]): void {
  const { apiVersion, fieldPath } = reference;
  if (!apiVersion) return faults.required('apiVersion');
  if (!fieldPath) return faults.required('fieldPath');
  const unknown = (why: string) => faults.invalid('fieldPath', fieldPath, `error converting fieldPath: ${why}`);
  if (apiVersion !== 'v1') return unknown(`unsupported pod version: ${apiVersion}`);
  const [, map, subscript] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (map !== undefined && subscript !== undefined) {
    if (map === 'metadata.annotations') {
      return faults.invalidAll('', subscript, qualifiedNameFaults(subscript.toLowerCase()));
    }
    if (map === 'metadata.labels') return faults.invalidAll('', subscript, qualifiedNameFaults(subscript));
    return unknown(`field label does not support subscript: ${fieldPath}`);
  }
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!KNOWN_FIELD_PATHS.has(path)) return unknown(`field label not supported: ${path}`);
  if (!offered.includes(path)) faults.notSupported('fieldPath', path, offered);
}

export function validateResourceFieldRef(
  faults: Faults,
  reference: ResourceFieldSelector,
  within: 'variable' | 'volume',
): void {
  const { containerName, resource, divisor = '0' } = reference;
  if (within === 'volume' && !containerName) faults.required('containerName');
  else if (!resource) faults.required('resource');
  else if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    faults.notSupported('resource', resource, RESOURCES);
  }
  validateDivisor(faults, 'divisor', resource ?? '', divisor);
}

function validateDivisor(faults: Faults, at: Segment, resource: string, divisor: string): void {
  if (divisor === '0') return;
  const kind = resource.replace(/^(limits|requests)\./, '');
  if (kind === 'cpu') {
    if (divisor !== '1m' && divisor !== '1') {
      faults.invalid(at, resource, "only divisor's values 1m and 1 are supported with the cpu resource");
    }
    return;
  }
  const title = kind === 'ephemeral-storage' ? 'local ephemeral storage' : kind.replace(/^hugepages-.*/, 'hugepages');
  if (!BYTE_DIVISORS.includes(divisor)) {
    faults.invalid(
      at,
      resource,
      `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${title} resource`,
    );
  }
}
