import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../clock/clock.ts';
import { claim, holderOf, turn } from './claim.ts';

test('one at a time has it, others learn who, and it is free afterwards', async () => {
  const what = randomUUID();
  expect(await holderOf(what)).toBeUndefined();
  const first = await claim(what, 'the first');
  expect(await claim(what, 'the second')).toEqual({ by: 'the first' });
  expect(await holderOf(what)).toBe('the first');
  if ('held' in first) await first.held[Symbol.asyncDispose]();
  expect(await claim(what, 'the second')).toHaveProperty('held');
});

test('who waits is told for whom, and has it when it is free', async () => {
  const what = randomUUID();
  const first = await claim(what, 'the first');
  const told: string[] = [];
  const waiting = (by: string) => {
    told.push(by);
    if ('held' in first) void first.held[Symbol.asyncDispose]();
  };
  await using _held = await turn(what, { holder: 'the second', clock: realClock, waiting }, AbortSignal.timeout(5000));
  expect(told).toEqual(['the first']);
  expect(await holderOf(what)).toBe('the second');
});

test('a process that is killed leaves nothing behind', async () => {
  const what = randomUUID();
  const program = `import { claim } from '${import.meta.dirname}/claim.ts';
    await claim('${what}', 'a child'); console.log('has it'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(await claim(what, 'another')).toEqual({ by: 'a child' });
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  expect(await claim(what, 'another')).toHaveProperty('held');
});
