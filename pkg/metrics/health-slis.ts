// /metrics/slis: what a component's health checks answered, check by check, whenever somebody asked. Under Kubernetes' names; scraped
// often, it tells for how much of the time a component was well.
import { familyLines, sampleLine } from './exposition.ts';

/** The endpoint that was asked. */
export type HealthType = 'healthz' | 'livez' | 'readyz';

interface Results {
  readonly name: string;
  readonly type: HealthType;
  healthy: boolean;
  success: number;
  error: number;
}

export class HealthSlis {
  /** Checks are part of the program: there are few. */
  readonly #results = new Map<string, Results>();

  observed(name: string, type: HealthType, healthy: boolean): void {
    const key = `${type} ${name}`;
    const results = this.#results.get(key) ?? { name, type, healthy, success: 0, error: 0 };
    this.#results.set(key, results);
    results.healthy = healthy;
    if (healthy) results.success++;
    else results.error++;
  }

  text(): string {
    const all = [...this.#results.values()];
    const lines = [
      ...familyLines(
        'kubernetes_healthcheck',
        'gauge',
        'This metric records the result of a single healthcheck.',
        all.map(({ name, type, healthy }) => sampleLine('kubernetes_healthcheck', { name, type }, Number(healthy))),
      ),
      ...familyLines(
        'kubernetes_healthchecks_total',
        'counter',
        'This metric records the results of all healthcheck.',
        all.flatMap(({ name, type, success, error }) => {
          const line = (status: string, count: number) =>
            sampleLine('kubernetes_healthchecks_total', { name, status, type }, count);
          return [...(success > 0 ? [line('success', success)] : []), ...(error > 0 ? [line('error', error)] : [])];
        }),
      ),
    ];
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }
}
