// Measures: how long the control plane takes from the start of its first process to the first 200 of /readyz, with fresh data
// in the embedded store and certificates at hand (median of five), and how much memory API server, scheduler and
// controller-manager take together ten seconds later, as processes of their own (resident, shared pages counted in each).
import { setTimeout as pause } from 'node:timers/promises';
import { atMost, percentile, type Benchmark } from './benchmark.ts';
import { startControlPlane } from './support/programs.ts';

const ROUNDS = 5;
const IDLE_MS = 10_000;

export const startup: Benchmark = {
  name: 'startup',
  async run(say) {
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      say(`starting an API server, ${round} of ${ROUNDS}`);
      await using plane = await startControlPlane();
      times.push(plane.readyMs);
    }
    times.sort((a, b) => a - b);
    return [atMost('start-up to ready (s)', percentile(times, 0.5) / 1000, 1)];
  },
};

export const idleMemory: Benchmark = {
  name: 'idle-memory',
  async run(say) {
    await using plane = await startControlPlane();
    plane.start('scheduler.js');
    plane.start('controller-manager.js');
    say(`letting the control plane rest for ${IDLE_MS / 1000} s`);
    await pause(IDLE_MS);
    return [atMost('idle RSS of the control plane, three processes (MiB)', plane.residentMiB(), 180)];
  },
};
