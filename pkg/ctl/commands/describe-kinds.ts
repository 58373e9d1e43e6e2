// Which description a kind has, and fetching what belongs to it: a deployment's replica sets, a service's endpoints, ...
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import {
  describeConfigMap,
  describeNamespace,
  describeSecret,
  describeServiceAccount,
} from '../describe/configuration.ts';
import { describeGeneric } from '../describe/generic.ts';
import { describeEndpoints, describeEndpointSlice, describeService } from '../describe/network.ts';
import { describeNode } from '../describe/node.ts';
import { describePod } from '../describe/pod.ts';
import {
  countPods,
  describeDaemonSet,
  describeDeployment,
  describeJob,
  describeReplicaSet,
  describeStatefulSet,
} from '../describe/workloads.ts';
import type { DescriptionWriter } from '../describe/writer.ts';
import { nameOf, objects, text } from '../objects/access.ts';
import type { Info } from '../resources/infos.ts';
import type { Api, Query } from '../rest/api.ts';
import { selectorText } from '../rollout/history.ts';

/** Writes all but the events; answers whether events belong below. */
export async function describeBody(info: Info, api: Api, now: number, out: DescriptionWriter): Promise<boolean> {
  const { object, namespace } = info;
  const { group, kind } = info.resource;
  switch (group === '' ? kind : `${kind}.${group}`) {
    case 'Pod':
      describePod(object, now, out);
      return true;
    case 'Deployment.apps':
      describeDeployment(object, await controlled(info, api, 'replicasets.apps'), out);
      return true;
    case 'ReplicaSet.apps':
      describeReplicaSet(object, countPods(await controlled(info, api, 'pods')), out);
      return true;
    case 'DaemonSet.apps':
      describeDaemonSet(object, countPods(await controlled(info, api, 'pods')), out);
      return true;
    case 'StatefulSet.apps':
      describeStatefulSet(object, countPods(await controlled(info, api, 'pods')), out);
      return true;
    case 'Job.batch':
      describeJob(object, out);
      return true;
    case 'Service': {
      const labelSelector = `kubernetes.io/service-name=${info.name}`;
      const slices = await listOrNone(api, 'endpointslices.discovery.k8s.io', namespace, { labelSelector });
      describeService(object, slices ?? [], out);
      return true;
    }
    case 'Endpoints':
      describeEndpoints(object, out);
      return true;
    case 'EndpointSlice.discovery.k8s.io':
      describeEndpointSlice(object, out);
      return true;
    case 'ConfigMap':
      describeConfigMap(object, out);
      return true;
    case 'Secret':
      describeSecret(object, out);
      return false;
    case 'ServiceAccount': {
      const secrets = (await listOrNone(api, 'secrets', namespace, {})) ?? [];
      const tokens = secrets.filter(
        (secret) =>
          text(secret, 'type') === 'kubernetes.io/service-account-token' &&
          text(secret, 'metadata', 'annotations', 'kubernetes.io/service-account.name') === info.name,
      );
      describeServiceAccount(object, tokens.map(nameOf), out);
      return true;
    }
    case 'Namespace': {
      const [quotas, limits] = await Promise.all([
        listOrNone(api, 'resourcequotas', info.name, {}),
        listOrNone(api, 'limitranges', info.name, {}),
      ]);
      describeNamespace(object, { quotas, limits }, out);
      return false;
    }
    case 'Node': {
      const fieldSelector = `spec.nodeName=${info.name},status.phase!=Succeeded,status.phase!=Failed`;
      const pods = await listOrNone(api, 'pods', '', { fieldSelector });
      describeNode({ node: object, lease: await leaseOf(info.name, api), pods }, now, out);
      return true;
    }
    default:
      describeGeneric(object, out);
      return true;
  }
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
