// Finds pods by the node that they run on.
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';

export const NODE_INDEX = 'node';

export function nodeIndex(pod: Pod): readonly string[] {
  const node = pod.spec.nodeName ?? '';
  return node === '' ? [] : [node];
}
