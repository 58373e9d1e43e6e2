// The security settings that hold for one container: its own before the pod's (k8s.io/kubernetes/pkg/securitycontext).
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerSecurity } from '../runtime/runtime.ts';

export type SecurityAnswer =
  | { readonly ok: true; readonly security: ContainerSecurity }
  /** Why the container may not be created: CreateContainerConfigError. */
  | { readonly ok: false; readonly message: string };

export interface SecurityFacts {
  /** The user that the image names. */
  readonly imageUser: string;
  readonly podText: string;
  /** Text of a Localhost seccomp profile. */
  readonly seccompProfile: string | undefined;
}

export function securityOf(pod: Pod, spec: Container, facts: SecurityFacts): SecurityAnswer {
  const own = spec.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot ?? false) {
    const fault = rootFault(user, facts, spec.name);
    if (fault !== undefined) return { ok: false, message: fault };
  }
  const privileged = own.privileged ?? false;
  const seccomp = own.seccompProfile ?? shared.seccompProfile;
  const groups = [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])];
  return {
    ok: true,
    security: {
      privileged,
      user: userText(user, group, facts.imageUser),
      supplementalGroups: [...new Set(groups)],
      readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
      noNewPrivileges: own.allowPrivilegeEscalation === false,
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
      seccomp:
        seccomp?.type === 'RuntimeDefault'
          ? 'runtime-default'
          : seccomp?.type === 'Localhost' && facts.seccompProfile !== undefined
            ? { profile: facts.seccompProfile }
            : undefined,
      unmaskedPaths: own.procMount === 'Unmasked',
    },
  };
}

function userText(user: number | undefined, group: number | undefined, imageUser: string): string {
  if (user === undefined && group === undefined) return '';
  const name = user === undefined ? (imageUser.split(':')[0] ?? '') : String(user);
  return group === undefined ? name : `${name === '' ? '0' : name}:${group}`;
}

function rootFault(user: number | undefined, facts: SecurityFacts, name: string): string | undefined {
  const where = `(pod: "${facts.podText}", container: ${name})`;
  if (user !== undefined) {
    return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  }
  const imageUser = facts.imageUser.split(':')[0] ?? '';
  if (imageUser === '' || imageUser === '0') {
    return `container has runAsNonRoot and image will run as root ${where}`;
  }
  if (!/^\d+$/.test(imageUser)) {
    return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`;
  }
  return undefined;
}
