import { expect, test } from 'vitest';
import { runTogether } from './run-together.ts';

const untilStopped = (ended: string[], name: string) => (until: AbortSignal) =>
  new Promise<void>((resolve) => {
    until.addEventListener('abort', () => {
      ended.push(name);
      resolve();
    });
  });

test('one that fails ends the others, and its error is the one that is told', async () => {
  const ended: string[] = [];
  const running = runTogether(
    [untilStopped(ended, 'a'), () => Promise.reject(new Error('broken')), untilStopped(ended, 'c')],
    new AbortController().signal,
  );
  await expect(running).rejects.toThrow('broken');
  expect(ended).toEqual(['a', 'c']);
});

test('being told to stop is no failure', async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const running = runTogether(
    [
      untilStopped(ended, 'a'),
      async (until) => {
        await untilStopped(ended, 'b')(until);
        throw new Error('stopped');
      },
    ],
    stop.signal,
  );
  stop.abort();
  await running;
  expect(ended).toEqual(['a', 'b']);
});
