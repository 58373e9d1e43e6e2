// How a container of the engine says which pod's it is: labels under Kubernetes' own names, so that tools which know the
// dockershim's find their way, and names that make creating the same thing twice a conflict instead of a duplicate.
import type { PodIdentity } from '../runtime.ts';

const POD_NAME = 'io.kubernetes.pod.name';
const POD_NAMESPACE = 'io.kubernetes.pod.namespace';
export const POD_UID = 'io.kubernetes.pod.uid';
const CONTAINER_NAME = 'io.kubernetes.container.name';
const TYPE = 'io.kubernetes.docker.type';
const ATTEMPT = 'io.kubernetes.container.attempt';
/** On a container: the sandbox whose namespaces it joined. */
export const SANDBOX = 'io.kubernetes.sandbox.id';
/** Which kubelet made it: two nodes may share one engine. */
export const OWNER = 'io.typekube.node';

export interface Identity {
  readonly type: 'podsandbox' | 'container';
  readonly pod: PodIdentity;
  /** '' for a sandbox. */
  readonly container: string;
  readonly attempt: number;
}

export function labelsOf(identity: Identity, owner: string): Record<string, string> {
  return {
    [POD_NAME]: identity.pod.name,
    [POD_NAMESPACE]: identity.pod.namespace,
    [POD_UID]: identity.pod.uid,
    [TYPE]: identity.type,
    [ATTEMPT]: String(identity.attempt),
    [OWNER]: owner,
    ...(identity.type === 'container' && { [CONTAINER_NAME]: identity.container }),
  };
}

/** Undefined for a container that no kubelet made. */
export function identityOf(labels: Readonly<Record<string, string>>): Identity | undefined {
  const uid = labels[POD_UID];
  const type = labels[TYPE];
  if (uid === undefined || (type !== 'podsandbox' && type !== 'container')) return undefined;
  return {
    type,
    pod: { uid, name: labels[POD_NAME] ?? '', namespace: labels[POD_NAMESPACE] ?? '' },
    container: labels[CONTAINER_NAME] ?? '',
    attempt: Number(labels[ATTEMPT] ?? '0'),
  };
}

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`, as the dockershim named them; a sandbox is `POD`. */
export function engineNameOf(identity: Identity): string {
  const name = identity.type === 'podsandbox' ? 'POD' : identity.container;
  return ['k8s', name, identity.pod.name, identity.pod.namespace, identity.pod.uid, String(identity.attempt)].join('_');
}
