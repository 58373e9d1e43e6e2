// What a component asks of the API server, under the names of Kubernetes' clients (rest_client_*). Nothing else about a call changes;
// what a transport asks again by itself counts as one call.
import { Counter, Histogram, type Registry } from 'prom-client';
import { isApiError } from '../api/meta/status.ts';
import type { Clock } from '../clock/clock.ts';
import type { Client } from './client.ts';
import type { Transport } from './transport.ts';
import { createClient } from './typed-client.ts';

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** For clients in the process of the API server, which speak to no address. */
export const IN_PROCESS = 'in-process';

export interface ClientMetricsOptions {
  readonly registry: Registry;
  readonly clock: Pick<Clock, 'elapsed'>;
}

export function meteredClient({ transport }: Client, options: ClientMetricsOptions): Client {
  return createClient(meteredTransport(transport, options));
}

export function meteredTransport(transport: Transport, { registry, clock }: ClientMetricsOptions): Transport {
  const { host = IN_PROCESS } = transport;
  const registers = [registry];
  const results = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'host', 'method'],
    registers,
  });
  const latency = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb, and host.',
    labelNames: ['verb', 'host'],
    buckets: SECONDS,
    registers,
  });
  // Labels are looked up once for every combination: components that bind thousands of pods a second pay for each look.
  const counts = remembered((key) => {
    const [method = '', code = ''] = key.split(' ');
    return results.labels(code, host, method);
  });
  const durations = remembered((verb) => latency.labels(verb, host));
  const timed = async <T>(method: string, call: () => Promise<T>, codeOf: (answer: T) => number): Promise<T> => {
    const began = clock.elapsed();
    let code: number | string = '<error>';
    try {
      const answer = await call();
      code = codeOf(answer);
      return answer;
    } catch (error) {
      if (isApiError(error)) code = error.code;
      throw error;
    } finally {
      counts(`${method} ${code}`).inc();
      durations(method).observe((clock.elapsed() - began) / 1000);
    }
  };
  return {
    host,
    request: (request, signal) =>
      timed(
        request.method,
        () => transport.request(request, signal),
        ({ status }) => status,
      ),
    watch: (path, signal) =>
      timed(
        'GET',
        () => transport.watch(path, signal),
        () => 200,
      ),
    stream: (request, signal) =>
      timed(
        request.method,
        () => transport.stream(request, signal),
        () => 200,
      ),
    connect: (path, signal) =>
      timed(
        'GET',
        () => transport.connect(path, signal),
        () => 101,
      ),
    close: () => transport.close(),
  };
}

/** Methods and codes are few. */
function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = make(key);
      known.set(key, value);
    }
    return value;
  };
}
