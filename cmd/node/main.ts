// A node in one process: see program.ts. Imported only after the process is as it should be.
import { becomeLean } from '../lean-process.ts';

becomeLean();
await import('./program.ts');
