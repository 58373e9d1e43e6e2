// Cells of tables that many kinds share: labels, and the containers and images of a pod template.
import type { PodSpec } from '../../schema/generated/core.v1.gen.ts';

/** `a=b,c=d` in the order of the keys; `<none>` for none. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const parts = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? '<none>' : parts.sort().join(',');
}

export function containerNames(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(({ name }) => name).join(',');
}

export function containerImages(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(({ image }) => image ?? '').join(',');
}
