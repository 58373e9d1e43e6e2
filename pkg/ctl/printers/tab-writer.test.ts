import { expect, test } from 'vitest';
import { alignCells, alignTabs, DESCRIBE_TABS } from './tab-writer.ts';

test('pads columns to their widest cell and three more, six at least, and not the last', () => {
  const lines = [
    ['NAME', 'READY', 'AGE'],
    ['a-long-name', '1/1', '5s'],
  ];
  expect(alignCells(lines)).toBe('NAME          READY   AGE\na-long-name   1/1     5s\n');
});

test('remembers widths from one output to the next', () => {
  const widths: number[] = [];
  alignCells([['long-enough', 'x']], undefined, widths);
  expect(alignCells([['a', 'x']], undefined, widths)).toBe('a             x\n');
});

test('aligns only lines that follow each other', () => {
  expect(alignTabs('Name:\tx\nConditions:\n  Type\tStatus\n  Ready\tTrue\n', DESCRIBE_TABS)).toBe(
    'Name:  x\nConditions:\n  Type   Status\n  Ready  True\n',
  );
});
