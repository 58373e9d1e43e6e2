// YAML as Kubernetes reads it: one document (what follows it is not looked at), YAML 1.1 scalars (`yes` is a boolean, `0777` is
// octal), turned into JSON values. Keys that stand twice are remembered for strict decoding. Faults come in the words of
// Kubernetes' YAML library, `yaml: line 2: ...`, which callers put into their own sentences.
import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { wordsForFault } from './yaml-faults.ts';

export type YamlReading =
  | { readonly ok: true; readonly value: unknown; readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Aliases may not blow a small document up. */
const MAX_ALIASES = 100;

export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter: lines,
    merge: true,
    logLevel: 'error',
  });
  const fault = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (fault !== undefined) return { ok: false, message: `yaml: ${wordsForFault(fault, text)}` };
  const { repeated, refused } = inspect(document, lines);
  if (refused !== undefined) return { ok: false, message: `yaml: ${refused}` };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // The library's sign of aliases that multiply; unresolved ones were found before.
    if (!(error instanceof ReferenceError)) throw error;
    return { ok: false, message: 'yaml: document contains excessive aliasing' };
  }
  const duplicates = repeated.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${repeated.join('\n  ')}`];
  return { ok: true, value: jsonOf(value), duplicates };
}

/** Keys that stand twice, and the first thing that parses but has no value: an alias of nothing or of itself, a key that is no scalar. */
function inspect(document: Document, lines: LineCounter): { repeated: readonly string[]; refused: string | undefined } {
  const repeated: string[] = [];
  const anchors = new Map<string, object>();
  let refused: string | undefined;
  visit(document, {
    Node(_key, node, path) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target === undefined) refused = `unknown anchor '${node.source}' referenced`;
        else if (path.some((above) => above === target)) refused = `anchor '${node.source}' value contains itself`;
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return refused === undefined ? undefined : visit.BREAK;
    },
    Pair(_key, { key }) {
      if (!isCollection(key)) return undefined;
      refused = `invalid map key: ${goValue(innermostKey(key))}`;
      return visit.BREAK;
    },
  });
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
  return { repeated, refused };
}

/** A key that is refused may have such keys itself, and is then read only after them. */
function innermostKey(key: unknown): unknown {
  const inner = isMap(key) ? key.items.find((pair) => isCollection(pair.key)) : undefined;
  return inner === undefined ? key : innermostKey(inner.key);
}

/** As Go prints a value with `%#v`. */
function goValue(node: unknown): string {
  if (isSeq(node)) return `[]interface {}{${node.items.map(goValue).join(', ')}}`;
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => `${goValue(key)}:${goValue(value)}`);
    return `map[interface {}]interface {}{${entries.join(', ')}}`;
  }
  const value: unknown = isScalar(node) ? node.value : null;
  return value === null ? 'interface {}(nil)' : JSON.stringify(value);
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
