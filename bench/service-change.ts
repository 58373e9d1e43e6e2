// Measures: the time from a request that moves one endpoint of one Service to the first connection that is led there, while
// there are 5,000 Services with two endpoints each (40 changes; API server over HTTPS, a client in a network namespace).
import { measureServiceChanges } from '../e2e/network/change-meter.ts';
import { atMost, percentile, plain, type Benchmark } from './benchmark.ts';

const SERVICES = 5_000;
const CHANGES = 40;

export const serviceChange: Benchmark = {
  name: 'service-change',
  async run(say) {
    say(`creating ${SERVICES} Services`);
    const { times } = await measureServiceChanges(SERVICES, CHANGES);
    return [
      atMost('one Service of 5,000, request to first connection, p50 (ms)', percentile(times, 0.5), 100),
      plain('the slowest of 40 (ms)', times.at(-1) ?? Number.NaN),
    ];
  },
};
