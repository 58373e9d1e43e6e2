// Which YAML styles can carry a text, and whether it would be read back as something else than text when it stood plain:
// the rules of libyaml's emitter and of yaml.v2's resolver. Pure.

export interface ScalarAnalysis {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

const FIRST_INDICATORS = new Set('#,[]{}&*!|>\'"%@`');

export function analyzeScalar(value: string): ScalarAnalysis {
  if (value === '') return { plain: true, single: true, block: false };
  const chars = Array.from(value);
  let indicators = value.startsWith('---') || value.startsWith('...');
  let breaks = false;
  let special = false;
  let edgeSpace = false;
  let trailingSpace = false;
  let edgeBreak = false;
  let breakSpace = false;
  let spaceBreak = false;
  let previous: 'space' | 'break' | 'other' = 'other';
  let afterBlank = true;
  for (const [index, char] of chars.entries()) {
    const beforeBlank = isBlank(chars[index + 1]);
    const first = index === 0;
    const last = index === chars.length - 1;
    if (first) {
      if (FIRST_INDICATORS.has(char) || ('?:-'.includes(char) && beforeBlank)) indicators = true;
    } else if ((char === ':' && beforeBlank) || (char === '#' && afterBlank)) indicators = true;
    if (!isEmitterPrintable(char)) special = true;
    if (char === ' ') {
      if (first) edgeSpace = true;
      if (last) {
        edgeSpace = true;
        trailingSpace = true;
      }
      if (previous === 'break') breakSpace = true;
      previous = 'space';
    } else if (isBreak(char)) {
      breaks = true;
      if (first || last) edgeBreak = true;
      if (previous === 'space') spaceBreak = true;
      previous = 'break';
    } else previous = 'other';
    afterBlank = isBlank(char);
  }
  return {
    plain: !(indicators || breaks || special || edgeSpace || edgeBreak || breakSpace || spaceBreak),
    single: !(special || breakSpace || spaceBreak),
    block: !(special || trailingSpace || spaceBreak),
  };
}

function isBreak(char: string): boolean {
  return char === '\n' || char === '\r' || char === '\x85' || char === '\u2028' || char === '\u2029';
}

function isBlank(char: string | undefined): boolean {
  return char === undefined || char === ' ' || char === '\t' || char === '\0' || isBreak(char);
}

/** The emitter takes only the basic plane for printable, and no tabs. */
function isEmitterPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= 0xa0 && code < 0xfffe && !surrogate && code !== 0xfeff;
}

const WORDS = new Set(
  [
    ['', '~', 'null', 'Null', 'NULL'],
    ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'],
    ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'],
    ['.nan', '.NaN', '.NAN', '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF', '-.inf', '-.Inf', '-.INF'],
  ].flat(),
);

const INTEGER = /^[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const BASE_60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\s*\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?\s*(?:Z|[-+]\d{2}:\d{2})?)?$/;

/** False for what a reader would take for null, a boolean, a number or a date. */
export function resolvesToString(value: string): boolean {
  if (WORDS.has(value)) return false;
  if (!/^[-+.\d]/.test(value)) return true;
  const bare = value.replaceAll('_', '');
  return !(INTEGER.test(bare) || FLOAT.test(bare) || BASE_60.test(value) || DATE.test(value));
}
