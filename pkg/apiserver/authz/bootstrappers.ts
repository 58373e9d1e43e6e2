// What machines that are no nodes yet may do with a bootstrap token: ask for a certificate, and read what they need to know to
// become a node. The rights are those that kubeadm's cluster roles give. Everybody else is asked about elsewhere.
import { BOOTSTRAP_GROUP, CLUSTER_INFO } from '../../api/core/v1/bootstrap-token.ts';
import type { Attributes, Authorizer, Decision } from './authorizer.ts';

/** ConfigMaps of kube-system that say how a node of this cluster is to be set up. */
export const NODE_SETTINGS = ['kubeadm-config', 'kubelet-config', 'kube-proxy'] as const;

const CERTIFICATE_VERBS = new Set(['create', 'get', 'list', 'watch']);

/** Asks `others` about everybody but bootstrappers. */
export function withBootstrappers(others: Authorizer): Authorizer {
  return {
    authorize(asked) {
      if (isClusterInfo(asked)) return { allowed: true, reason: '' };
      const { groups } = asked.user;
      if (!groups.includes(BOOTSTRAP_GROUP) || groups.includes('system:nodes') || groups.includes('system:masters')) {
        return others.authorize(asked);
      }
      return mayBootstrapper(asked) ? { allowed: true, reason: '' } : refusal(asked);
    },
  };
}

/** The one object that anybody may read, known or not: it is signed, and holds no secret. */
export function isClusterInfo(
  asked: Pick<Attributes, 'verb' | 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>,
) {
  return (
    asked.verb === 'get' &&
    asked.group === '' &&
    asked.resource === 'configmaps' &&
    asked.subresource === '' &&
    asked.namespace === CLUSTER_INFO.namespace &&
    asked.name === CLUSTER_INFO.name
  );
}

function mayBootstrapper({ verb, group, resource, subresource, namespace, name, path }: Attributes): boolean {
  switch (group) {
    case 'certificates.k8s.io':
      if (resource !== 'certificatesigningrequests') return false;
      // Who may create `nodeclient` has its request for a node's client certificate approved.
      return subresource === '' ? CERTIFICATE_VERBS.has(verb) : subresource === 'nodeclient' && verb === 'create';
    case 'authorization.k8s.io':
    case 'authentication.k8s.io':
      return verb === 'create' && resource.startsWith('selfsubject');
    case '':
      if (resource === 'nodes') return verb === 'get' && subresource === '';
      if (resource === 'configmaps') {
        const known: readonly string[] = NODE_SETTINGS;
        return verb === 'get' && namespace === 'kube-system' && known.includes(name);
      }
      return resource === '' && path !== '';
    default:
      return false;
  }
}

/** Kubernetes' words (k8s.io/apiserver responsewriters). */
function refusal({ user, verb, group, resource, subresource, namespace }: Attributes): Decision {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)}`;
  return { allowed: false, reason: `${who} in API group ${JSON.stringify(group)} ${where}` };
}
