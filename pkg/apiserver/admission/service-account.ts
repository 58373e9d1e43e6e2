// ServiceAccount: every pod runs as an account of its namespace and gets that account's token, the cluster's CA and its
// namespace as files. k8s.io/kubernetes plugin/pkg/admission/serviceaccount.
import type { Container, Pod, ServiceAccount, Volume } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import { forbidden } from '../http-errors.ts';
import { randomSuffix } from '../registry/identity.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { refusedOfMirror, refusedSecret } from './pod-secrets.ts';

const VOLUME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const PREFIX = '/registry/core/serviceaccounts/';
/** A namespace's default account is made by a controller, some time after the namespace. */
const DEFAULT_ATTEMPTS = 10;
const RETRY_MS = 100;
/** An hour and seven seconds: odd on purpose, so that it can be told from what users ask for. */
const TOKEN_SECONDS = 3607;

export interface ServiceAccountParts {
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly random: Random;
}

const NAME = 'ServiceAccount';

export function serviceAccount(parts: ServiceAccountParts): AdmissionPlugin {
  return {
    name: NAME,
    operations: new Set(['CREATE']),
    resources: new Set(['pods']),
    admit(request) {
      const pod = podOf(request.object);
      if (pod === undefined || isMirror(pod)) return undefined;
      const name = pod.spec.serviceAccountName || 'default';
      pod.spec.serviceAccountName = name;
      pod.spec.serviceAccount = name;
      const account = accountOf(parts.cache, request.namespace, name);
      if (account === undefined) return lookAgain(parts, request, pod);
      equip(pod, account, parts.random);
      return undefined;
    },
    validate(request) {
      refuse(request, (pod) =>
        isMirror(pod) ? refusedOfMirror(pod) : refusedSecret(pod, accountOfPod(parts, request, pod), 'all'),
      );
    },
  };
}

/** The same plugin for containers that come later. */
export function serviceAccountLater(parts: Pick<ServiceAccountParts, 'cache'>): AdmissionPlugin {
  return {
    name: NAME,
    operations: new Set(['UPDATE']),
    resources: new Set(['pods/ephemeralcontainers']),
    validate(request) {
      refuse(request, (pod) => refusedSecret(pod, accountOfPod(parts, request, pod), 'ephemeral'));
    },
  };
}

function refuse({ object, served }: AdmissionRequest, refusal: (pod: Pod) => string | undefined): void {
  const pod = podOf(object);
  const why = pod === undefined ? undefined : refusal(pod);
  if (pod !== undefined && why !== undefined) throw forbidden(served.resource, pod.metadata.name, why);
}

function accountOfPod(
  { cache }: Pick<ServiceAccountParts, 'cache'>,
  { namespace }: AdmissionRequest,
  { spec }: Pod,
): ServiceAccount | undefined {
  return accountOf(cache, namespace, spec.serviceAccountName ?? '');
}

/** Mirror pods stand for files on a node. */
function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

async function lookAgain(parts: ServiceAccountParts, request: AdmissionRequest, pod: Pod): Promise<void> {
  const { namespace } = request;
  const name = pod.spec.serviceAccountName ?? '';
  const attempts = name === 'default' ? DEFAULT_ATTEMPTS : 1;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await parts.clock.sleep(RETRY_MS);
    await parts.cache.current();
    const account = accountOf(parts.cache, namespace, name);
    if (account !== undefined) return equip(pod, account, parts.random);
  }
  const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  throw forbidden(request.served.resource, pod.metadata.name ?? '', why);
}

function accountOf(cache: WatchCache, namespace: string, name: string): ServiceAccount | undefined {
  return cache.resource(PREFIX).get(namespace, name)?.value;
}

function equip(pod: Pod, account: ServiceAccount, random: Random): void {
  const { spec } = pod;
  const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (automount) mountToken(pod, random);
  if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
    spec.imagePullSecrets = account.imagePullSecrets?.map((reference) => ({ ...reference }));
  }
}

function mountToken({ spec }: Pod, random: Random): void {
  // Admission comes before validation, so even a name may be missing.
  const existing = spec.volumes?.find(({ name }: { name?: string }) => name?.startsWith(VOLUME_PREFIX) === true);
  const name = existing?.name ?? VOLUME_PREFIX + randomSuffix(random);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (mountsAccount(container)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
    needed = true;
  }
  if (needed && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function mountsAccount(container: Container): boolean {
  return container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH) ?? false;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}

/** The plugin is asked about pods only. */
export function podOf(object: KubeObject | undefined): Pod | undefined {
  return object === undefined ? undefined : (object as Pod);
}
