// What Kubernetes warns of in pods and pod templates without refusing them (pkg/api/pod/warnings.go there).
import type { Container, PodSpec } from '../../schema/generated/core.v1.gen.ts';
import { quantityIn } from './resource-amounts.ts';

const DEPRECATED_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

/** `path` is where the spec stands: `spec` in a pod, `spec.template.spec` in a workload. */
export function podSpecWarnings(spec: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(spec.nodeSelector ?? {})) {
    const why = DEPRECATED_NODE_LABELS[name];
    if (why !== undefined) warnings.push(`${path}.nodeSelector[${name}]: ${why}`);
  }
  const claims = new Set<string>();
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    const at = `${path}.volumes[${i}]`;
    if (volume.gitRepo !== undefined)
      warnings.push(`${at}.gitRepo: deprecated in v1.11, and disabled by default in v1.33+`);
    if (volume.glusterfs !== undefined) warnings.push(`${at}.glusterfs: deprecated in v1.25, non-functional in v1.26+`);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && claims.has(claim)) {
      warnings.push(`${at}.persistentVolumeClaim.claimName: ${claim} is used more than once`);
    }
    if (claim !== undefined) claims.add(claim);
  }
  for (const [i, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!name) warnings.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const segment of ['initContainers', 'containers'] as const) {
    for (const [i, container] of (spec[segment] ?? []).entries()) {
      warnings.push(...containerWarnings(container, `${path}.${segment}[${i}]`));
    }
  }
  return warnings;
}

function containerWarnings({ env, ports, resources }: Container, at: string): string[] {
  const warnings: string[] = [];
  for (const which of ['limits', 'requests'] as const) {
    for (const name of ['memory', 'ephemeral-storage']) {
      const amount = resources?.[which]?.[name];
      if (amount !== undefined && quantityIn(amount).nanos % 1_000_000_000n !== 0n) {
        warnings.push(
          `${at}.resources.${which}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`,
        );
      }
    }
  }
  const names = new Map<string, string | undefined>();
  for (const [i, { name, value }] of (env ?? []).entries()) {
    if (names.has(name) && !value?.includes(`$(${name})`)) {
      warnings.push(`${at}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`);
    }
    names.set(name, value);
  }
  const seen = new Map<string, number>();
  for (const [i, port] of (ports ?? []).entries()) {
    const same = `${port.hostIP ?? ''}/${port.hostPort ?? 0}/${port.containerPort}/${port.protocol ?? 'TCP'}`;
    const first = seen.get(same);
    if (first !== undefined) {
      warnings.push(`${at}.ports[${i}]: duplicate port definition with ${at}.ports[${first}]`);
    } else seen.set(same, i);
  }
  return warnings;
}
