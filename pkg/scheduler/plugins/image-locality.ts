// Prefers nodes that have the pod's images already; an image counts by its size and by how many nodes have it, so that
// the first node to pull a large image does not draw all pods to itself.
import { HIGHEST_SCORE, type Plugin } from '../framework/plugin.ts';

const MEBIBYTE = 1024 * 1024;
/** Below this, pulling is too quick to matter. */
const LEAST_BYTES = 23 * MEBIBYTE;
const MOST_BYTES_PER_CONTAINER = 1000 * MEBIBYTE;

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  score: {
    scale: 'absolute',
    prepare(pod, snapshot) {
      const images = pod.images.filter((image) => snapshot.nodesWithImage(image) > 0);
      if (images.length === 0) return undefined;
      const most = MOST_BYTES_PER_CONTAINER * pod.images.length;
      const spreads = images.map((image) => snapshot.nodesWithImage(image) / snapshot.nodeCount);
      return (node) => {
        let sum = 0;
        for (const [index, image] of images.entries()) {
          const bytes = node.images.get(image);
          if (bytes !== undefined) sum += Math.trunc(bytes * (spreads[index] ?? 0));
        }
        const clipped = Math.min(Math.max(sum, LEAST_BYTES), most);
        return Math.trunc((HIGHEST_SCORE * (clipped - LEAST_BYTES)) / (most - LEAST_BYTES));
      };
    },
    dependsOn(pod, snapshot) {
      let state = '';
      for (const image of pod.images) {
        const nodes = snapshot.nodesWithImage(image);
        if (nodes > 0) state += `${nodes}/${snapshot.nodeCount} `;
      }
      return state;
    },
  },
};
