// Measures: resident memory ten seconds after the start, with nothing to do, of store, API server, scheduler and controllers in
// one process; and, beside it, of API server, scheduler and controller-manager as processes of their own, added up (pages
// that they share are counted in each).
import { setTimeout as pause } from 'node:timers/promises';
import { atMost, plain, type Benchmark } from './benchmark.ts';
import { bundle } from './support/bundle.ts';
import { startControlPlane } from './support/programs.ts';

const IDLE_MS = 10_000;

export const idleMemory: Benchmark = {
  name: 'idle-memory',
  async run(say) {
    const program = await bundle('bench/support/one-process.ts', 'one-process');
    say(`letting the control plane rest for ${IDLE_MS / 1000} s, in one process and in three`);
    await using one = await startControlPlane({ oneProcess: program });
    await using three = await startControlPlane();
    three.startScheduler();
    three.start('controller-manager.js');
    await pause(IDLE_MS);
    return [
      atMost('idle RSS of the control plane in one process (MiB)', one.residentMiB(), 180),
      plain('idle RSS of the control plane in three processes (MiB)', three.residentMiB()),
    ];
  },
};
