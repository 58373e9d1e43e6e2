// What Kubernetes warns of in pods and pod templates without refusing them (pkg/api/pod/warnings.go there).
import { addressWarnings } from '../../meta/address-warnings.ts';
import type {
  Container,
  NodeSelectorTerm,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../../schema/generated/core.v1.gen.ts';
import { portWarnings } from './port-warnings.ts';
import { quantityIn } from './resource-amounts.ts';

const DEPRECATED_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const DEPRECATED_VOLUMES: readonly (readonly [keyof Volume, string, string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** `path` is where a template stands; a pod stands at ''. */
export function podWarnings({ metadata, spec }: Partial<PodTemplateSpec>, path = ''): string[] {
  if (spec === undefined) return [];
  const at = path === '' ? 'spec' : `${path}.spec`;
  const meta = path === '' ? 'metadata' : `${path}.metadata`;
  return [
    ...placementWarnings(spec, at),
    ...Object.keys(metadata?.annotations ?? {}).flatMap((name) => {
      const why = DEPRECATED_ANNOTATIONS[name];
      return why === undefined ? [] : [`${meta}.annotations[${name}]: ${why}`];
    }),
    ...volumeWarnings(spec, at),
    ...listWarnings(spec, at),
    ...bytesWarnings(spec.overhead, `${at}.overhead`),
    ...containerSegments(spec, at).flatMap(([container, where]) => containerWarnings(container, where)),
    ...portWarnings(containerSegments(spec, at)),
    ...graceWarnings(spec, at),
    ...podAffinityWarnings(spec.affinity?.podAffinity, `${at}.affinity.podAffinity`),
    ...podAffinityWarnings(spec.affinity?.podAntiAffinity, `${at}.affinity.podAntiAffinity`),
  ];
}

function containerSegments(spec: PodSpec, at: string): (readonly [Container, string])[] {
  return (['initContainers', 'containers'] as const).flatMap((segment) =>
    (spec[segment] ?? []).map((container, i) => [container, `${at}.${segment}[${i}]`] as const),
  );
}

function placementWarnings({ nodeSelector, affinity, topologySpreadConstraints }: PodSpec, at: string): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(nodeSelector ?? {})) {
    const why = DEPRECATED_NODE_LABELS[name];
    if (why !== undefined) warnings.push(`${at}.nodeSelector[${name}]: ${why}`);
  }
  const node = `${at}.affinity.nodeAffinity`;
  (affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []).forEach((term, i) =>
    warnings.push(...termWarnings(term, `${node}.${REQUIRED}.nodeSelectorTerms[${i}]`)),
  );
  (affinity?.nodeAffinity?.[PREFERRED] ?? []).forEach(({ preference }, i) =>
    warnings.push(...termWarnings(preference ?? {}, `${node}.${PREFERRED}[${i}].preference`)),
  );
  (topologySpreadConstraints ?? []).forEach(({ topologyKey, labelSelector }, i) => {
    const why = DEPRECATED_NODE_LABELS[topologyKey];
    const where = `${at}.topologySpreadConstraints[${i}]`;
    if (why !== undefined) warnings.push(`${where}.topologyKey: ${topologyKey} is ${why}`);
    if (labelSelector === undefined) warnings.push(matchesNothing(where));
  });
  return warnings;
}

function termWarnings({ matchExpressions = [] }: NodeSelectorTerm, at: string): string[] {
  return matchExpressions.flatMap(({ key }, i) => {
    const why = DEPRECATED_NODE_LABELS[key];
    return why === undefined ? [] : [`${at}.matchExpressions[${i}].key: ${key} is ${why}`];
  });
}

function matchesNothing(at: string): string {
  return `${at}.labelSelector: a null labelSelector results in matching no pod`;
}

function podAffinityWarnings(affinity: PodAffinity | undefined, at: string): string[] {
  const needed = affinity?.[REQUIRED] ?? [];
  const wished = affinity?.[PREFERRED] ?? [];
  return [
    ...needed.flatMap((term, i) => (term.labelSelector ? [] : [matchesNothing(`${at}.${REQUIRED}[${i}]`)])),
    ...wished.flatMap(({ podAffinityTerm: term }, i) =>
      term?.labelSelector ? [] : [matchesNothing(`${at}.${PREFERRED}[${i}].podAffinityTerm`)],
    ),
  ];
}

function volumeWarnings({ volumes = [] }: PodSpec, at: string): string[] {
  const warnings = volumes.flatMap((volume, i) =>
    DEPRECATED_VOLUMES.filter(([field]) => volume[field] !== undefined).map(
      ([, name, why]) => `${at}.volumes[${i}].${name}: ${why}`,
    ),
  );
  const tokens = new Set<string>();
  for (const { projected } of volumes) {
    for (const { serviceAccountToken: token } of projected?.sources ?? []) if (token?.path) tokens.add(token.path);
  }
  if (tokens.size === 0) return warnings;
  volumes.forEach(({ projected }, i) => {
    const where = `${at}.volumes[${i}].projected.sources`;
    const warn = (field: string, path: string) => {
      if (tokens.has(path)) warnings.push(`${where}.${field}: has duplicated path with ServiceAccountToken "${path}"`);
    };
    for (const { configMap, secret, downwardAPI, clusterTrustBundle } of projected?.sources ?? []) {
      (configMap?.items ?? []).forEach(({ path }, j) => warn(`configMap[${j}]`, path));
      (secret?.items ?? []).forEach(({ path }, j) => warn(`secrets[${j}]`, path));
      (downwardAPI?.items ?? []).forEach(({ path }, j) => warn(`downwardAPI[${j}]`, path));
      if (clusterTrustBundle !== undefined) warn('ClusterTrustBundle', clusterTrustBundle.path);
    }
  });
  return warnings;
}

function listWarnings({ hostAliases = [], imagePullSecrets = [], dnsConfig }: PodSpec, at: string): string[] {
  const repeated = (values: readonly (string | undefined)[], field: string, what: string) =>
    values.flatMap((value, i) =>
      values.indexOf(value) < i
        ? [`${at}.${field}[${i}].${what}: duplicate ${what} ${JSON.stringify(value ?? '')}`]
        : [],
    );
  return [
    ...repeated(
      hostAliases.map(({ ip }) => ip),
      'hostAliases',
      'ip',
    ),
    ...repeated(
      imagePullSecrets.map(({ name }) => name),
      'imagePullSecrets',
      'name',
    ),
    ...imagePullSecrets.flatMap(({ name }, i) =>
      name ? [] : [`${at}.imagePullSecrets[${i}].name: invalid empty name ""`],
    ),
    ...hostAliases.flatMap(({ ip }, i) => addressWarnings(`${at}.hostAliases[${i}].ip`, ip ?? '')),
    ...(dnsConfig?.nameservers ?? []).flatMap((ip, i) => addressWarnings(`${at}.dnsConfig.nameservers[${i}]`, ip)),
  ];
}

function graceWarnings({ terminationGracePeriodSeconds: grace }: PodSpec, at: string): string[] {
  if (grace === undefined || grace >= 0) return [];
  return [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`];
}

function bytesWarnings(list: Readonly<Record<string, string>> | undefined, at: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const amount = list?.[name];
    if (amount === undefined || quantityIn(amount).nanos % 1_000_000_000n === 0n) return [];
    return [`${at}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`];
  });
}

function containerWarnings({ env, resources }: Container, at: string): string[] {
  const warnings = [
    ...bytesWarnings(resources?.limits, `${at}.resources.limits`),
    ...bytesWarnings(resources?.requests, `${at}.resources.requests`),
  ];
  const names = new Set<string>();
  for (const [i, { name, value, valueFrom }] of (env ?? []).entries()) {
    const reference = `$(${name})`;
    const built = valueFrom === undefined && value !== reference && value?.includes(reference) === true;
    if (names.has(name) && !built) {
      warnings.push(`${at}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`);
    }
    names.add(name);
  }
  return warnings;
}
