import { expect, test } from 'vitest';
import { messageWithCauses } from './logger.ts';

const root = new Error('no such file');

test.each([
  { name: 'an error alone', error: root, want: 'no such file' },
  {
    name: 'its causes in order',
    error: new Error('cannot start', { cause: new Error('cannot read', { cause: root }) }),
    want: 'cannot start: cannot read: no such file',
  },
  {
    name: 'a cause that the message repeats, once',
    error: new Error('cannot read: no such file', { cause: root }),
    want: 'cannot read: no such file',
  },
  { name: 'what is no error', error: 'plain', want: 'plain' },
])('tells of $name', ({ error, want }) => {
  expect(messageWithCauses(error)).toBe(want);
});
