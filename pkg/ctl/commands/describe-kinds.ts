// Which description a kind has, and fetching what belongs to it: a deployment's replica sets, a service's endpoints, ...
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure, messageOf } from '../cli/failure.ts';
import { describeAutoscaler } from '../describe/autoscaler.ts';
import { describeSigningRequest } from '../describe/certificate-signing-request.ts';
import {
  describeConfigMap,
  describeNamespace,
  describeSecret,
  describeServiceAccount,
} from '../describe/configuration.ts';
import { describeGeneric } from '../describe/generic.ts';
import {
  backendServices,
  describeIngress,
  describeIngressClass,
  describeIpAddress,
  describeServiceCidr,
  type BackendService,
} from '../describe/ingress.ts';
import { describeCronJob, describeJob } from '../describe/jobs.ts';
import { describeLimitRange, describeResourceQuota } from '../describe/limits.ts';
import { describeEndpoints, describeEndpointSlice, describeService } from '../describe/network.ts';
import { describeNetworkPolicy } from '../describe/network-policy.ts';
import { describeNode } from '../describe/node.ts';
import { describePod } from '../describe/pod.ts';
import { describeDisruptionBudget, describePriorityClass } from '../describe/policies.ts';
import { describeRole, describeRoleBinding } from '../describe/rbac.ts';
import {
  describeClaim,
  describeCsiNode,
  describePersistentVolume,
  describeStorageClass,
  describeVolumeAttributesClass,
} from '../describe/storage.ts';
import {
  countPods,
  describeDaemonSet,
  describeDeployment,
  describeReplicaSet,
  describeReplicationController,
  describeStatefulSet,
} from '../describe/workloads.ts';
import type { DescriptionWriter } from '../describe/writer.ts';
import { nameOf, objects, text } from '../objects/access.ts';
import type { Info } from '../resources/infos.ts';
import type { Api, Query } from '../rest/api.ts';
import { selectorText } from '../rollout/history.ts';

interface Subject {
  readonly info: Info;
  readonly object: JsonObject;
  readonly api: Api;
  readonly now: number;
  readonly out: DescriptionWriter;
}

type Describer = (subject: Subject) => void | Promise<void>;

const DESCRIBERS: Readonly<Record<string, Describer>> = {
  Pod: ({ object, now, out }) => describePod(object, now, out),
  'Deployment.apps': async ({ object, info, api, out }) =>
    describeDeployment(object, await controlled(info, api, 'replicasets.apps'), out),
  'ReplicaSet.apps': async ({ object, info, api, out }) =>
    describeReplicaSet(object, countPods(await controlled(info, api, 'pods')), out),
  ReplicationController: async ({ object, info, api, out }) =>
    describeReplicationController(object, countPods(await controlled(info, api, 'pods')), out),
  'DaemonSet.apps': async ({ object, info, api, out }) =>
    describeDaemonSet(object, countPods(await controlled(info, api, 'pods')), out),
  'StatefulSet.apps': async ({ object, info, api, out }) =>
    describeStatefulSet(object, countPods(await controlled(info, api, 'pods')), out),
  'Job.batch': ({ object, out }) => describeJob(object, out),
  'CronJob.batch': ({ object, out }) => describeCronJob(object, out),
  'HorizontalPodAutoscaler.autoscaling': async ({ object, info, api, out }) =>
    describeAutoscaler(await asVersion(object, info, api, 'v2'), out),
  Service: async ({ object, info, api, out }) =>
    describeService(object, await slicesOf(api, info.namespace, info.name), out),
  Endpoints: ({ object, out }) => describeEndpoints(object, out),
  'EndpointSlice.discovery.k8s.io': ({ object, out }) => describeEndpointSlice(object, out),
  'Ingress.networking.k8s.io': async ({ object, info, api, out }) =>
    describeIngress(object, await readBackends(object, info, api), out),
  'IngressClass.networking.k8s.io': ({ object, out }) => describeIngressClass(object, out),
  'NetworkPolicy.networking.k8s.io': ({ object, out }) => describeNetworkPolicy(object, out),
  'ServiceCIDR.networking.k8s.io': ({ object, out }) => describeServiceCidr(object, out),
  'IPAddress.networking.k8s.io': ({ object, out }) => describeIpAddress(object, out),
  ConfigMap: ({ object, out }) => describeConfigMap(object, out),
  Secret: ({ object, out }) => describeSecret(object, out),
  ServiceAccount: ({ object, out }) => describeServiceAccount(object, out),
  Namespace: async ({ object, info, api, out }) => {
    const [quotas, limits] = await Promise.all([
      listOrNone(api, 'resourcequotas', info.name, {}),
      listOrNone(api, 'limitranges', info.name, {}),
    ]);
    describeNamespace(object, { quotas, limits }, out);
  },
  LimitRange: ({ object, out }) => describeLimitRange(object, out),
  ResourceQuota: ({ object, out }) => describeResourceQuota(object, out),
  Node: async ({ object, info, api, now, out }) => {
    const fieldSelector = `spec.nodeName=${info.name},status.phase!=Succeeded,status.phase!=Failed`;
    const pods = await listOrNone(api, 'pods', '', { fieldSelector });
    describeNode({ node: object, lease: await leaseOf(info.name, api), pods }, now, out);
  },
  PersistentVolume: ({ object, now, out }) => describePersistentVolume(object, now, out),
  PersistentVolumeClaim: async ({ object, info, api, now, out }) =>
    describeClaim(object, await podsUsing(info, api), now, out),
  'StorageClass.storage.k8s.io': ({ object, out }) => describeStorageClass(object, out),
  'VolumeAttributesClass.storage.k8s.io': ({ object, out }) => describeVolumeAttributesClass(object, out),
  'CSINode.storage.k8s.io': ({ object, out }) => describeCsiNode(object, out),
  'PodDisruptionBudget.policy': ({ object, out }) => describeDisruptionBudget(object, out),
  'PriorityClass.scheduling.k8s.io': ({ object, out }) => describePriorityClass(object, out),
  'Role.rbac.authorization.k8s.io': ({ object, out }) => describeRole(object, out),
  'ClusterRole.rbac.authorization.k8s.io': ({ object, out }) => describeRole(object, out),
  'RoleBinding.rbac.authorization.k8s.io': ({ object, out }) => describeRoleBinding(object, out),
  'ClusterRoleBinding.rbac.authorization.k8s.io': ({ object, out }) => describeRoleBinding(object, out),
  'CertificateSigningRequest.certificates.k8s.io': describeRequest,
};

/** Kinds below whose description kubectl shows no events. */
const WITHOUT_EVENTS: ReadonlySet<string> = new Set([
  'Secret',
  'Namespace',
  'LimitRange',
  'ResourceQuota',
  'NetworkPolicy.networking.k8s.io',
  'Role.rbac.authorization.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
]);

/** Writes all but the events; answers whether events belong below. */
export async function describeBody(info: Info, api: Api, now: number, out: DescriptionWriter): Promise<boolean> {
  const { group, kind } = info.resource;
  const name = group === '' ? kind : `${kind}.${group}`;
  const describer = DESCRIBERS[name] ?? (({ object }: Subject) => describeGeneric(object, out));
  await describer({ info, object: info.object, api, now, out });
  return !WITHOUT_EVENTS.has(name);
}

async function describeRequest({ object, out }: Subject): Promise<void> {
  const { CertificateRequestError, readRequestedNames } = await import('../../pki/certificate-request.ts');
  const pem = Buffer.from(text(object, 'spec', 'request'), 'base64').toString('latin1');
  const asked = await readRequestedNames(pem).catch((error: unknown) => {
    if (!(error instanceof CertificateRequestError)) throw error;
    throw new Failure(`Error parsing CSR: ${error.message}`, { cause: error });
  });
  describeSigningRequest(object, asked, out);
}

/** The object in another version of its group, as it is or read once more. */
async function asVersion(object: JsonObject, info: Info, api: Api, version: string): Promise<JsonObject> {
  if (info.resource.version === version) return object;
  return api.get({ resource: { ...info.resource, version }, namespace: info.namespace, name: info.name });
}

async function slicesOf(api: Api, namespace: string, service: string): Promise<JsonObject[]> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  return (await listOrNone(api, 'endpointslices.discovery.k8s.io', namespace, { labelSelector })) ?? [];
}

async function readBackends(ingress: JsonObject, info: Info, api: Api): Promise<Map<string, BackendService>> {
  const found = new Map<string, BackendService>();
  const resource = (await api.resources()).find('services');
  if (resource === undefined) return found;
  for (const name of backendServices(ingress)) {
    try {
      const service = await api.get({ resource, namespace: info.namespace, name });
      found.set(name, { service, slices: await slicesOf(api, info.namespace, name) });
    } catch (error) {
      if (!isApiError(error)) throw error;
      found.set(name, messageOf(error));
    }
  }
  return found;
}

/** Names of the pods that mount a claim or own it. */
async function podsUsing(info: Info, api: Api): Promise<string[]> {
  const owners = new Set(
    objects(info.object, 'metadata', 'ownerReferences')
      .filter((owner) => text(owner, 'kind') === 'Pod')
      .map((owner) => text(owner, 'uid')),
  );
  return ((await listOrNone(api, 'pods', info.namespace, {})) ?? []).flatMap((pod) => {
    const mounted = objects(pod, 'spec', 'volumes').filter(
      (volume) => text(volume, 'persistentVolumeClaim', 'claimName') === info.name,
    );
    // Once for each volume, as kubectl counts.
    if (mounted.length > 0) return mounted.map(() => nameOf(pod));
    return owners.has(text(pod, 'metadata', 'uid')) ? [nameOf(pod)] : [];
  });
}

/** Undefined when the server has no such resource or does not show it to us. */
async function listOrNone(api: Api, type: string, namespace: string, query: Query): Promise<JsonObject[] | undefined> {
  const resource = (await api.resources()).find(type);
  if (resource === undefined) return undefined;
  try {
    return objects(await api.list({ resource, namespace, name: '' }, query), 'items');
  } catch (error) {
    if (isApiError(error)) return undefined;
    throw error;
  }
}

async function controlled(info: Info, api: Api, type: string): Promise<JsonObject[]> {
  const found = await listOrNone(api, type, info.namespace, { labelSelector: selectorText(info.object) });
  const uid = text(info.object, 'metadata', 'uid');
  return (found ?? []).filter((item) =>
    objects(item, 'metadata', 'ownerReferences').some(
      (owner) => owner['controller'] === true && text(owner, 'uid') === uid,
    ),
  );
}

async function leaseOf(node: string, api: Api): Promise<JsonObject | string | undefined> {
  const resource = (await api.resources()).find('leases.coordination.k8s.io');
  if (resource === undefined) return undefined;
  try {
    return await api.get({ resource, namespace: 'kube-node-lease', name: node });
  } catch (error) {
    if (isApiError(error)) return error.message;
    throw error;
  }
}
