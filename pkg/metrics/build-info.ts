// Which version a component is of, under Kubernetes' name.
import { Gauge, type Registry } from 'prom-client';
import { VERSION } from '../api/meta/version.ts';

export const BUILD_INFO = {
  name: 'kubernetes_build_info',
  help: "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
} as const;

/** As /version tells it, with names as Prometheus likes them. */
export const BUILD_LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(VERSION).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    value,
  ]),
);

export function registerBuildInfo(registry: Registry): void {
  const gauge = new Gauge({ ...BUILD_INFO, labelNames: Object.keys(BUILD_LABELS), registers: [registry] });
  gauge.set(BUILD_LABELS, 1);
}
