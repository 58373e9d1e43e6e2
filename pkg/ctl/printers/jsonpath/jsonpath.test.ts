import { describe, expect, test } from 'vitest';
import type { Json } from '../../../api/schema/json.ts';
import { renderJsonPath } from './evaluate.ts';
import { parseJsonPath, relaxedPath } from './parse.ts';

const data: Json = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', labels: { app: 'x' } }, n: 1, ports: [80, 443] },
    { metadata: { name: 'b', labels: { app: 'y', 'k8s.io/x': 'z' } }, n: 2, ports: [] },
    { metadata: { name: 'c' }, n: 10 },
  ],
};

const render = (template: string, allowMissing = true) =>
  renderJsonPath(parseJsonPath(template), data, { allowMissing });

describe('templates give what kubectl gives', () => {
  test.each([
    { template: '{.kind}', text: 'List' },
    { template: '{$.kind}', text: 'List' },
    { template: '{@.kind}', text: 'List' },
    { template: 'kind={.kind}!', text: 'kind=List!' },
    { template: '{.items[*].metadata.name}', text: 'a b c' },
    { template: '{.items[0].metadata.name}', text: 'a' },
    { template: '{.items[-1].metadata.name}', text: 'c' },
    { template: '{.items[0:2].metadata.name}', text: 'a b' },
    { template: '{.items[::2].metadata.name}', text: 'a c' },
    { template: '{.items[0,2].metadata.name}', text: 'a c' },
    { template: "{.items[1].metadata['name']}", text: 'b' },
    { template: '{.items[1].metadata.labels.k8s\\.io/x}', text: 'z' },
    { template: '{.items[0].metadata.labels}', text: '{"app":"x"}' },
    { template: '{.items[0].ports}', text: '[80,443]' },
    { template: '{.items[?(@.n==2)].metadata.name}', text: 'b' },
    { template: '{.items[?(@.n>1)].metadata.name}', text: 'b c' },
    { template: '{.items[?(@.metadata.name!="a")].n}', text: '2 10' },
    { template: '{.items[?(@.metadata.labels)].metadata.name}', text: 'a b' },
    { template: '{range .items[*]}{.metadata.name}{"\\t"}{.n}{"\\n"}{end}', text: 'a\t1\nb\t2\nc\t10\n' },
    { template: '{range .items[*]}[{range .ports[*]}{@},{end}]{end}x', text: '[80,443,][][]x' },
    { template: '{range .none[*]}{.x}{end}done', text: 'done' },
    { template: '{.missing}', text: '' },
    { template: '{.items[*].n}{"\\n"}', text: '1 2 10\n' },
  ])('$template', ({ template, text }) => {
    expect(render(template)).toBe(text);
  });

  test.each([
    { template: '{.items[7]}', message: 'array index out of bounds: index 7, length 3' },
    { template: '{.items[', message: 'unterminated array' },
    { template: '{.kind', message: 'unclosed action' },
    { template: '{foo}', message: 'unrecognized identifier foo' },
    { template: '{end}', message: 'not in range, nothing to end' },
    { template: '{.items[x]}', message: 'invalid array index x' },
    { template: '{.kind[0]}', message: 'string is not array or slice' },
    { template: '{"abc}', message: 'unterminated quoted string' },
  ])('$template fails with "$message"', ({ template, message }) => {
    expect(() => render(template)).toThrow(message);
  });

  test('says which field is missing when none may be', () => {
    expect(() => render('{.missing}', false)).toThrow('missing is not found');
  });
});

test.each([
  { given: '.metadata.name', path: '{.metadata.name}' },
  { given: 'metadata.name', path: '{.metadata.name}' },
  { given: '{metadata.name}', path: '{.metadata.name}' },
  { given: '{.metadata.name}', path: '{.metadata.name}' },
])('columns may be written $given', ({ given, path }) => {
  expect(relaxedPath(given)).toBe(path);
});
