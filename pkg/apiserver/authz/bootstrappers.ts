// What machines that are no nodes yet may do with a bootstrap token: ask for a certificate, and read what they need to know to
// become a node. The rights are those that kubeadm's cluster roles give. Everybody else is asked about elsewhere.
import { BOOTSTRAP_GROUP, CLUSTER_INFO } from '../../api/core/v1/bootstrap-token.ts';
import type { UserInfo } from '../request.ts';
import type { Attributes, Authorizer, Decision, Rules } from './authorizer.ts';

/** ConfigMaps of kube-system that say how a node of this cluster is to be set up. */
export const NODE_SETTINGS = ['kubeadm-config', 'kubelet-config', 'kube-proxy'] as const;

/** What Kubernetes' discovery and health roles give to everybody who is known. */
const PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];
const CERTIFICATES = 'certificates.k8s.io';
const REQUESTS = 'certificatesigningrequests';
const CERTIFICATE_VERBS = new Set(['create', 'get', 'list', 'watch']);

/** Asks `others` about everybody but bootstrappers. */
export function withBootstrappers(others: Authorizer): Authorizer {
  return {
    authorize(asked) {
      if (isClusterInfo(asked)) return { allowed: true, reason: '' };
      if (!isBootstrapper(asked.user)) return others.authorize(asked);
      return mayBootstrapper(asked) ? { allowed: true, reason: '' } : refusal(asked);
    },
    rulesFor(user, namespace) {
      return isBootstrapper(user) ? rulesIn(namespace) : others.rulesFor(user, namespace);
    },
  };
}

function isBootstrapper({ groups }: UserInfo): boolean {
  return groups.includes(BOOTSTRAP_GROUP) && !groups.includes('system:nodes') && !groups.includes('system:masters');
}

/** The same as mayBootstrapper, as a list. */
function rulesIn(namespace: string): Rules {
  const maps =
    namespace === 'kube-system' ? NODE_SETTINGS : namespace === CLUSTER_INFO.namespace ? [CLUSTER_INFO.name] : [];
  const reviews = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'];
  return {
    resourceRules: [
      { verbs: [...CERTIFICATE_VERBS], apiGroups: [CERTIFICATES], resources: [REQUESTS] },
      { verbs: ['create'], apiGroups: [CERTIFICATES], resources: [`${REQUESTS}/nodeclient`] },
      { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: reviews },
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
      { verbs: ['get'], apiGroups: [''], resources: ['nodes'] },
      ...(maps.length === 0
        ? []
        : [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: maps }]),
    ],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: PATHS }],
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
    case CERTIFICATES:
      if (resource !== REQUESTS) return false;
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
      return resource === '' && verb === 'get' && PATHS.some((known) => matches(known, path));
    default:
      return false;
  }
}

function matches(known: string, path: string): boolean {
  return known.endsWith('*') ? path.startsWith(known.slice(0, -1)) : path === known;
}

/** Kubernetes' words (k8s.io/apiserver responsewriters). */
function refusal({ user, verb, group, resource, subresource, namespace, path }: Attributes): Decision {
  if (resource === '') {
    return { allowed: false, reason: `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}` };
  }
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)}`;
  return { allowed: false, reason: `${who} in API group ${JSON.stringify(group)} ${where}` };
}
