// YAML as Kubernetes writes it: keys sorted, lists not indented.
import { stringify } from 'yaml';

export function toYaml(value: unknown): string {
  return stringify(value, { sortMapEntries: true, indentSeq: false, lineWidth: 0 });
}
