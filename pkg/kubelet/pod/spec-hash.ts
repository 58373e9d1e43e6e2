// A short hash of what may change in a running container only by restarting it: its image (everything else that the API lets
// change takes effect without a restart), plus the fields fixed at creation so that a pod of the same name is not mistaken.
import { createHash } from 'node:crypto';
import type { Container } from '../../api/schema/generated/core.v1.gen.ts';

export const HASH_LABEL = 'io.typekube.container.hash';

/** Eight hexadecimal digits. Kubernetes hashes name and image, too (kubecontainer.HashContainer). */
export function hashOf(spec: Container): string {
  return createHash('sha256')
    .update(JSON.stringify([spec.name, spec.image ?? '']))
    .digest('hex')
    .slice(0, 8);
}
