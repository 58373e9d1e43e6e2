// The text of manifests as Kubernetes' tools read it: documents divided by `---`, each YAML 1.1 as Go's yaml.v2 reads it
// (yes/no/on/off are booleans, 0644 is octal, no dates, no base-60 numbers) or JSON. Pure. Also the reader for whatever
// else people type as YAML (patches).
import {
  LineCounter,
  parseAllDocuments,
  parseDocument,
  YAMLError,
  type Document,
  type ParsedNode,
  type Tags,
} from 'yaml';
import type { Json } from '../../api/schema/json.ts';

export interface ManifestText {
  readonly documents: readonly Json[];
  /** Of the first document that cannot be read. */
  readonly fault: string | undefined;
}

const OPTIONS = {
  version: '1.1',
  schema: 'yaml-1.1',
  merge: true,
  uniqueKeys: false,
  strict: false,
  logLevel: 'silent',
  stringKeys: false,
  // What yaml.v2 does not resolve although YAML 1.1 has it.
  customTags: (tags: Tags) =>
    tags.filter((tag) => {
      if (typeof tag === 'string')
        return !['timestamp', 'intTime', 'floatTime', 'binary', 'set', 'omap', 'pairs'].includes(tag);
      return !(('format' in tag && tag.format === 'TIME') || /timestamp|binary|set$|omap|pairs/.test(tag.tag));
    }),
} as const;

/** Limit of nodes that aliases may expand to, against documents that explode. */
const MOST_ALIASES = 100_000;

/** Empty documents are left out. */
export function parseManifestText(content: string): ManifestText {
  if (/^\s*[{[]/.test(content)) {
    const json = parseJsonStream(content);
    if (json !== undefined) return { documents: json, fault: undefined };
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(content, { ...OPTIONS, lineCounter: lines });
  const documents: Json[] = [];
  for (const document of parsed) {
    const fault = faultOf(document);
    if (fault !== undefined) return { documents, fault };
    const value = valueOf(document);
    if (value !== null) documents.push(value);
  }
  return { documents, fault: undefined };
}

/** One YAML or JSON value, for patches; throws SyntaxError. */
export function parseYamlValue(content: string): Json {
  const document = parseDocument(content, OPTIONS);
  const fault = faultOf(document);
  if (fault !== undefined) throw new SyntaxError(fault);
  return valueOf(document);
}

function valueOf(document: Document<ParsedNode, boolean> | Document.Parsed): Json {
  // With these tags a document holds nothing but JSON's types (maps become objects).
  return (document.toJS({ maxAliasCount: MOST_ALIASES }) ?? null) as Json;
}

function faultOf(document: { errors: readonly YAMLError[] }): string | undefined {
  const error = document.errors[0];
  if (error === undefined) return undefined;
  // Go's parser notices a colon too many where the second line of it is, and tells no line when that is the first.
  const together = document.errors.filter((other) => other.linePos?.[0].line === error.linePos?.[0].line);
  const lines = together.flatMap((other) => other.linePos ?? []).map((position) => position.line);
  const line = Math.max(0, ...lines);
  const message = (error.message.split(/ at line \d+/)[0] ?? error.message).toLowerCase();
  return `error converting YAML to JSON: yaml: ${line <= 1 ? '' : `line ${line}: `}${goSentence(error.code, message)}`;
}

/** Go's sentence for the commonest faults; the parser's own for the others. */
function goSentence(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'found character that cannot start any token';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'mapping values are not allowed in this context';
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      return "could not find expected ':'";
    default:
      return message;
  }
}

/** Several JSON values one behind the other; undefined when it is not JSON after all. */
function parseJsonStream(content: string): Json[] | undefined {
  try {
    // JSON.parse answers `any`; what it yields is JSON by definition.
    return [JSON.parse(content) as Json];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
