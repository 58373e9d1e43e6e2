import { expect, test } from 'vitest';
import { readYaml } from './decode-yaml.ts';

const saying = (text: string) => {
  const reading = readYaml(text);
  return reading.ok ? `value ${JSON.stringify(reading.value)}` : reading.message;
};

test.each([
  ['a: b: c', 'yaml: mapping values are not allowed in this context'],
  ['x: 1\na: b: c\n', 'yaml: line 2: mapping values are not allowed in this context'],
  ['a:\n\t- b\n', 'yaml: line 2: found character that cannot start any token'],
  ['x: 1\na: @b\n', 'yaml: line 2: found character that cannot start any token'],
  ['a: [1, 2\n', "yaml: line 1: did not find expected ',' or ']'"],
  ['a: {b: 1\n', "yaml: line 1: did not find expected ',' or '}'"],
  ['a: *b', "yaml: unknown anchor 'b' referenced"],
  ['a: &a [*a]', "yaml: anchor 'a' value contains itself"],
  ['{{ .Values.x }}: 1', 'yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}'],
])('%j is refused', (text, message) => {
  expect(saying(text)).toBe(message);
});

test('what is nested too deeply is refused', () => {
  expect(saying(`a: ${'['.repeat(20_000)}`)).toBe('yaml: exceeded max depth of 10000');
});

test('aliases that multiply are refused', () => {
  const names = 'abcdefghi'.split('');
  const levels = names.map((name, i) => {
    const inner = i === 0 ? 'x' : `*${names[i - 1] ?? ''}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(',')}]`;
  });
  expect(saying(levels.join('\n'))).toBe('yaml: document contains excessive aliasing');
});

test.each([
  ['only the first document counts', 'a: 1\n---\nb: 2\n', 'value {"a":1}'],
  ['an anchor may be used again', 'a: &x {k: 1}\nb: *x\n', 'value {"a":{"k":1},"b":{"k":1}}'],
  ['nothing is null', '', 'value null'],
])('%s', (_, text, want) => {
  expect(saying(text)).toBe(want);
});
