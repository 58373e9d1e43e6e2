import { expect, test } from 'vitest';
import { parseManifestText } from './manifest-text.ts';

test.each([
  {
    name: 'several documents, empty ones left out',
    content: 'a: 1\n---\n---\n# x\n---\nb: 2\n',
    documents: [{ a: 1 }, { b: 2 }],
  },
  { name: 'JSON', content: '{"a": [1, "x"]}', documents: [{ a: [1, 'x'] }] },
  { name: 'booleans of YAML 1.1', content: 'a: yes\nb: off\nc: "yes"\n', documents: [{ a: true, b: false, c: 'yes' }] },
  { name: 'octal numbers', content: 'a: 0644\n', documents: [{ a: 420 }] },
  {
    name: 'dates and times of day as text',
    content: 'a: 2001-01-01\nb: 12:30\n',
    documents: [{ a: '2001-01-01', b: '12:30' }],
  },
  {
    name: 'anchors and merges',
    content: 'a: &x {b: 1}\nc: {<<: *x, d: 2}\n',
    documents: [{ a: { b: 1 }, c: { b: 1, d: 2 } }],
  },
  { name: 'nothing at all', content: '', documents: [] },
])('reads $name', ({ content, documents }) => {
  expect(parseManifestText(content)).toEqual({ documents, fault: undefined });
});

test('keeps the documents before a faulty one, and says where the fault is', () => {
  const { documents, fault } = parseManifestText('a: 1\n---\nb:\n\t- c\n');
  expect(documents).toEqual([{ a: 1 }]);
  expect(fault).toContain('error converting YAML to JSON: yaml: line ');
});
