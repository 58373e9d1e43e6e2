// The process of a node as users have it: see node-program.ts.
import { becomeLean } from '../../cmd/lean-process.ts';

becomeLean();
await import('./node-program.ts');
