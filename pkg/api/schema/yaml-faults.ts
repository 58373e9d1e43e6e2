// What is wrong with a YAML text, said as Kubernetes' YAML library (go-yaml) says it: `line 3: did not find expected key`.
// Its scanner counts lines from one and its parser from zero, and line zero is not named; clients know these numbers.
import type { YAMLParseError } from 'yaml';

interface Words {
  readonly text: string;
  /** Which half of go-yaml finds the fault: they count lines differently. */
  readonly by: 'scanner' | 'parser';
}

const MAPPING_VALUES: Words = { text: 'mapping values are not allowed in this context', by: 'scanner' };
const NO_TOKEN: Words = { text: 'found character that cannot start any token', by: 'scanner' };
const NO_COLON: Words = { text: "could not find expected ':'", by: 'scanner' };
const NO_KEY: Words = { text: 'did not find expected key', by: 'parser' };

const WORDS: Partial<Record<YAMLParseError['code'], Words>> = {
  BLOCK_AS_IMPLICIT_KEY: MAPPING_VALUES,
  TAB_AS_INDENT: NO_TOKEN,
  BAD_SCALAR_START: NO_TOKEN,
  MULTILINE_IMPLICIT_KEY: NO_COLON,
  KEY_OVER_1024_CHARS: NO_COLON,
  BAD_DQ_ESCAPE: { text: 'found unknown escape character', by: 'scanner' },
  BAD_DIRECTIVE: { text: 'found unknown directive name', by: 'scanner' },
  BLOCK_IN_FLOW: { text: 'did not find expected node content', by: 'parser' },
  BAD_INDENT: NO_KEY,
};

/** Without the leading `yaml: `. */
export function wordsForFault(fault: YAMLParseError, text: string): string {
  // The reader of this project has no limit of its own but the stack; go-yaml's is a number.
  if (/call stack/.test(fault.message)) return 'exceeded max depth of 10000';
  const { text: words, by } = wordsOf(fault);
  const ended = by === 'parser' && fault.pos[0] >= text.trimEnd().length;
  // A parser's fault at the end of the text is found on the line after the last one.
  const line = ended ? text.split('\n').length : (fault.linePos?.[0].line ?? 1);
  const counted = by === 'scanner' ? line : line - 1;
  const named = by === 'scanner' ? line > 1 : counted > 0;
  return named ? `line ${counted}: ${words}` : words;
}

function wordsOf({ code, message }: YAMLParseError): Words {
  if (/end with a \]/.test(message)) return { text: "did not find expected ',' or ']'", by: 'parser' };
  if (/end with a \}/.test(message)) return { text: "did not find expected ',' or '}'", by: 'parser' };
  if (code !== 'MISSING_CHAR') return WORDS[code] ?? NO_KEY;
  if (/quote/.test(message)) return { text: 'found unexpected end of stream', by: 'scanner' };
  return NO_COLON;
}
