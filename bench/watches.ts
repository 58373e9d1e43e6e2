// Measures: events delivered per second to 100 watchers of one collection while 16 writers create ConfigMaps as fast as they
// get answers; and, with one writer that creates one every 10 ms, how long an event takes from before its write until a
// watcher has it (median and 99th percentile over all watchers). Writers and watchers share one process and its clock. What is
// written first, while both processes' code is being compiled, does not count.
import { atLeast, atMost, plain, type Benchmark } from './benchmark.ts';
import { startControlPlane } from './support/programs.ts';
import { runLoad } from './support/run-load.ts';

const WATCHERS = 100;

export const watches: Benchmark = {
  name: 'watch',
  async run(say) {
    await using plane = await startControlPlane();
    const common = { do: 'watch-fan-out', endpoint: plane.target, watchers: WATCHERS } as const;
    say(`${WATCHERS} watchers, 16 writers`);
    const burst = await runLoad({ ...common, writers: 16, writes: 3000, warmUp: 1000, everyMs: 0 });
    say(`${WATCHERS} watchers, one writer every 10 ms`);
    const paced = await runLoad({ ...common, writers: 1, writes: 500, warmUp: 200, everyMs: 10 });
    return [
      atLeast('watch events/s to 100 watchers', burst.perSecond, 60_000),
      plain('paced watch latency, p50 (ms)', paced.p50),
      atMost('paced watch latency, p99 (ms)', paced.p99, 6),
    ];
  },
};
