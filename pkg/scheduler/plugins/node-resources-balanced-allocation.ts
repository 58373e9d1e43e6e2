// Prefers nodes whose resources would be used evenly: the standard deviation of their fractions in use, turned round.
import { HIGHEST_SCORE, type Plugin } from '../framework/plugin.ts';
import { amountOf } from '../framework/resources.ts';
import { concerns, inUse, type WeightedResource } from './resource-scoring.ts';

const CPU_AND_MEMORY: readonly WeightedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

export function nodeResourcesBalancedAllocation(resources: readonly WeightedResource[] = CPU_AND_MEMORY): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    score: {
      scale: 'absolute',
      prepare(pod) {
        const names = resources.map(({ name }) => name).filter((name) => concerns(pod, name));
        const [first, second, ...more] = names;
        if (first !== undefined && second !== undefined && more.length === 0) {
          return (node) => {
            const [a, b] = [amountOf(node.allocatable, first), amountOf(node.allocatable, second)];
            if (a === 0 || b === 0) return HIGHEST_SCORE;
            const difference =
              Math.min(1, inUse(pod, node, first, false) / a) - Math.min(1, inUse(pod, node, second, false) / b);
            return Math.trunc((1 - Math.abs(difference / 2)) * HIGHEST_SCORE);
          };
        }
        return (node) => {
          const fractions: number[] = [];
          for (const name of names) {
            const capacity = amountOf(node.allocatable, name);
            if (capacity !== 0) fractions.push(Math.min(1, inUse(pod, node, name, false) / capacity));
          }
          return Math.trunc((1 - deviation(fractions)) * HIGHEST_SCORE);
        };
      },
    },
  };
}

function deviation(fractions: readonly number[]): number {
  const [first, second] = fractions;
  if (first === undefined || second === undefined) return 0;
  if (fractions.length === 2) return Math.abs((first - second) / 2);
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  const squares = fractions.reduce((sum, fraction) => sum + (fraction - mean) * (fraction - mean), 0);
  return Math.sqrt(squares / fractions.length);
}
