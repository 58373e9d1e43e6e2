// YAML as Kubernetes reads it: one document, YAML 1.1 scalars (`yes` is a boolean, `0777` is octal), turned into JSON values.
// Keys that stand twice are remembered for strict decoding, in the words of Kubernetes' YAML library.
import { isScalar, LineCounter, parseDocument, visit } from 'yaml';

export type YamlReading =
  | { readonly ok: true; readonly value: unknown; readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Aliases may not blow a small document up. */
const MAX_ALIASES = 100;

export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, lineCounter: lines, merge: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line ?? 1;
    return {
      ok: false,
      message: `error converting YAML to JSON: yaml: line ${line}: ${fault.message.split('\n')[0] ?? ''}`,
    };
  }
  const repeated: string[] = [];
  visit(document, {
    Map(_key, node) {
      const seen = new Set<string>();
      for (const pair of node.items) {
        if (!isScalar(pair.key)) continue;
        const name = String(pair.key.value);
        if (seen.has(name)) {
          const line = lines.linePos(pair.key.range?.[0] ?? 0).line;
          repeated.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        }
        seen.add(name);
      }
    },
  });
  const value: unknown = jsonOf(document.toJS({ maxAliasCount: MAX_ALIASES }));
  const duplicates = repeated.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${repeated.join('\n  ')}`];
  return { ok: true, value, duplicates };
}

/** YAML knows values that JSON does not: times and binary data become texts. */
function jsonOf(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOf(inner)]));
}
