// Which secrets pods may name: a mirror pod none, a pod of an account with enforced secrets those that the account lists.
// k8s.io/kubernetes plugin/pkg/admission/serviceaccount and pkg/api/v1/pod (VisitPodSecretNames). Pure.
import type {
  Container,
  EphemeralContainer,
  Pod,
  ServiceAccount,
  Volume,
} from '../../api/schema/generated/core.v1.gen.ts';

const ENFORCED = 'kubernetes.io/enforce-mountable-secrets';
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** Why a pod that stands for a file on a node is refused. */
export function refusedOfMirror({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName) return 'a mirror pod may not reference service accounts';
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const named =
    (spec.imagePullSecrets ?? []).length > 0 ||
    containers.some((container) => secretsOfContainer(container).length > 0) ||
    (spec.volumes ?? []).some(namesSecret);
  if (named) return 'a mirror pod may not reference secrets';
  const tokens = spec.volumes?.some(({ projected }) => projected?.sources?.some((part) => part.serviceAccountToken));
  return tokens === true ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

/** Why the pod, or its ephemeral containers, may not use what its account does not list. */
export function refusedSecret(
  { spec }: Pod,
  account: ServiceAccount | undefined,
  which: 'all' | 'ephemeral',
): string | undefined {
  if (account === undefined || !TRUE.has(account.metadata.annotations?.[ENFORCED] ?? '')) return undefined;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const why = `is not allowed because service account ${account.metadata.name} does not reference that`;
  const inContainers = (label: string, containers: readonly (Container | EphemeralContainer)[] | undefined) => {
    for (const container of containers ?? []) {
      const bad = secretsOfContainer(container).find(({ secret }) => !mountable.has(secret));
      if (bad === undefined) continue;
      return `${label} ${container.name} with ${bad.where} referencing secret.secretName="${bad.secret}" ${why} secret`;
    }
    return undefined;
  };
  if (which === 'ephemeral') return inContainers('ephemeral container', spec.ephemeralContainers);
  for (const { secret } of spec.volumes ?? []) {
    const name = secret?.secretName ?? '';
    if (secret !== undefined && !mountable.has(name)) return `volume with secret.secretName="${name}" ${why} secret`;
  }
  const inside = inContainers('init container', spec.initContainers) ?? inContainers('container', spec.containers);
  if (inside !== undefined) return inside;
  const pulls = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const [index, { name = '' }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!pulls.has(name)) return `imagePullSecrets[${index}].name="${name}" ${why} imagePullSecret`;
  }
  return undefined;
}

function secretsOfContainer({ env, envFrom }: Container | EphemeralContainer): { where: string; secret: string }[] {
  const single = (env ?? []).flatMap(({ name, valueFrom }) =>
    valueFrom?.secretKeyRef === undefined
      ? []
      : [{ where: `envVar ${name}`, secret: valueFrom.secretKeyRef.name ?? '' }],
  );
  const whole = (envFrom ?? []).flatMap(({ secretRef }) =>
    secretRef === undefined ? [] : [{ where: 'envFrom', secret: secretRef.name ?? '' }],
  );
  return [...single, ...whole];
}

function namesSecret(volume: Volume): boolean {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = volume;
  const references = [cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef);
  return (
    volume.secret !== undefined ||
    azureFile?.secretName !== undefined ||
    csi?.nodePublishSecretRef !== undefined ||
    references.some((reference) => reference !== undefined) ||
    volume.projected?.sources?.some(({ secret }) => secret !== undefined) === true
  );
}
