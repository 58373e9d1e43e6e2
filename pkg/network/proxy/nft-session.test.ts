import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { answerIn, NftSession } from './nft-session.ts';

const COMPLAINT = 'Error: syntax error, unexpected newline, expecting string\ntypekube_1\n          ^\n';

describe('the answer', () => {
  test.each([
    {
      name: 'is pending until nft is through',
      said: 'Error: syntax error, unexpected newline\ntypekube_1\n',
      want: 'pending',
    },
    { name: 'is good when only the marker is complained about', said: COMPLAINT, want: { ok: true } },
    {
      name: 'is what was said before',
      said: `Error: Could not process rule: No such file or directory\ndelete chain ip t nope\n       ^^^^\n${COMPLAINT}`,
      want: { ok: false, message: expect.stringContaining('No such file') as string },
    },
  ])('$name', ({ said, want }) => {
    expect(answerIn(said, 'typekube_1')).toEqual(want);
  });
});

/** Programs in nft's place. */
const shell = (script: string): [string, ...string[]] => ['sh', '-c', script];
const COMPLAIN =
  'while read line; do case "$line" in typekube_*) printf "Error: x\\n%s\\n  ^\\n" "$line" >&2;; *bad*) printf "Error: refused\\n" >&2;; esac; done';

test('takes one transaction after another', async () => {
  await using session = new NftSession({ command: shell(COMPLAIN), clock: new VirtualClock() });
  expect(await session.apply('good\ngood')).toEqual({ ok: true });
  expect(await session.apply('bad')).toEqual({ ok: false, message: 'Error: refused' });
  expect(await session.apply('good')).toEqual({ ok: true });
});

test.each([
  { name: 'ends', command: shell('read line; exit 1') },
  { name: 'is not there', command: ['/nowhere/nft'] as [string] },
])('is of no use when the program $name', async ({ command }) => {
  await using session = new NftSession({ command, clock: new VirtualClock() });
  expect(await session.apply('good')).toBeUndefined();
  expect(session.usable).toBe(false);
  expect(await session.apply('good')).toBeUndefined();
});

test('does not wait for ever for a program that says nothing', async () => {
  const clock = new VirtualClock();
  await using session = new NftSession({ command: shell('while read line; do :; done'), clock });
  const answer = session.apply('good');
  await clock.advance(5_000);
  expect(await answer).toBeUndefined();
});
