import { expect, test } from 'vitest';
import { runHostCommand } from './host-command.ts';

test.each([0, 10, 16_384, 16_385, 1_000_000])(
  'a tool gets all of its input of %i characters, and its end',
  async (length) => {
    const input = 'x'.repeat(length);
    const done = await runHostCommand(['cat'], { input });
    expect(done.outcome === 'done' && done.output === input).toBe(true);
  },
);

test('a large input is a file, which is whole before the tool starts', async () => {
  const kind = (input: string) => runHostCommand(['stat', '-Lc', '%F %s', '/dev/stdin'], { input });
  expect(await kind('x'.repeat(100_000))).toEqual({ outcome: 'done', output: 'regular file 100000\n' });
});

test.each([
  { name: 'is missing', command: ['no-such-tool'] as const, want: { outcome: 'missing' } },
  { name: 'refuses', command: ['false'] as const, want: { outcome: 'failed', exitCode: 1, message: '' } },
])('a tool that $name is an answer, whatever it was given', async ({ command, want }) => {
  for (const input of ['', 'x'.repeat(100_000)]) expect(await runHostCommand([...command], { input })).toEqual(want);
});
