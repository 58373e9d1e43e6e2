// The admission plugins in the order in which Kubernetes runs them, and the flags that choose among them.
import type { Clock, Random } from '../../clock/clock.ts';
import type { Reader } from '../registry/reader.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { AdmissionPlugin } from './admission.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount, serviceAccountLater } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface AdmissionParts {
  readonly cache: WatchCache;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly random: Random;
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
}

/** Names that Kubernetes knows and that do nothing here, so that its flags are taken as they are. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'AlwaysAdmit',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'DefaultStorageClass',
  'LimitRanger',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'NodeRestriction',
  'PersistentVolumeClaimResize',
  'PodSecurity',
  'PodTopologyLabels',
  'ResourceQuota',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
]);

/** Throws for a name that is no plugin. */
export function admissionPlugins({ enable = [], disable = [], ...parts }: AdmissionParts): AdmissionPlugin[] {
  const all = [
    namespaceLifecycle(parts),
    serviceAccount(parts),
    serviceAccountLater(parts),
    taintNodesByCondition,
    priority(parts),
    defaultTolerationSeconds,
    storageObjectInUseProtection,
    runtimeClass(parts),
    certificateSubjectRestriction,
  ];
  for (const name of [...enable, ...disable]) {
    if (!WITHOUT_EFFECT.has(name) && !all.some((plugin) => plugin.name === name)) {
      throw new Error(`unknown admission plugin ${JSON.stringify(name)}`);
    }
  }
  return all.filter(({ name }) => !disable.includes(name));
}
