// The pod-template-hash: tells the ReplicaSets of a Deployment apart, and gives them their names. The same template always
// gives the same hash; a collision count makes it another one when two templates happen to share it.
import type { PodTemplateSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { canonicalText, semanticallyEqual } from '../semantic-equality.ts';

export const TEMPLATE_HASH = 'pod-template-hash';

/** Letters that spell no words, as in all of Kubernetes' generated names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const text = canonicalText(template) + (collisionCount === undefined ? '' : `#${collisionCount}`);
  return String(fnv1a(text)).replace(/\d/g, (digit) => ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length));
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Whether two templates ask for the same pods, whatever hash they carry. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return semanticallyEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.metadata?.labels?.[TEMPLATE_HASH] === undefined) return template;
  const { [TEMPLATE_HASH]: _hash, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}
