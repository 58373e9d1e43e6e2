import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { realClock } from '../clock/clock.ts';
import { silentLogger } from '../logging/logger.ts';
import { supervise } from './supervisor.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekube-supervisor-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const LOOP = 'while :; do sleep 1; done';

function pidOf(name: string): number {
  const file = join(directory, `${name}.pid`);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a killed child is started again, and all end when told to stop', async () => {
  const stop = new AbortController();
  const script = `echo $SELF > ${directory}/self; exec sleep 1000`;
  const programs = ['one', 'two'].map((name) => ({ name, command: 'sh', args: ['-c', script], env: { SELF: 'me' } }));
  const running = supervise({ programs, pidDirectory: directory, clock: realClock, log: silentLogger }, stop.signal);
  const first = await vi.waitUntil(() => pidOf('one'));
  process.kill(first, 'SIGKILL');
  const second = await vi.waitUntil(() => pidOf('one') !== first && pidOf('one'), { timeout: 5000 });
  await expect.poll(() => readFileSync(join(directory, 'self'), 'utf8')).toBe('me\n');
  stop.abort();
  await running;
  expect([first, second, pidOf('two')].map(isAlive)).toEqual([false, false, false]);
});

test('a program that cannot be started does not stop the others', async () => {
  const stop = new AbortController();
  const programs = [
    { name: 'missing', command: '/nonexistent/program', args: [] },
    { name: 'good', command: 'sleep', args: ['1000'] },
  ];
  const running = supervise({ programs, pidDirectory: directory, clock: realClock, log: silentLogger }, stop.signal);
  const good = await vi.waitUntil(() => pidOf('good'));
  expect(isAlive(good)).toBe(true);
  stop.abort();
  await running;
});

test('what a killed supervisor has left is ended first, and nobody else', async () => {
  const pids = join(directory, 'pids');
  mkdirSync(pids);
  const start = (args: string[]) => {
    const child = spawn('sh', args, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child.pid ?? 0;
  };
  const left = start(['-c', LOOP, join(directory, 'store')]);
  const strange = start(['-c', LOOP, 'elsewhere']);
  writeFileSync(join(pids, 'one.pid'), String(left));
  writeFileSync(join(pids, 'two.pid'), String(strange));
  const stop = new AbortController();
  const programs = [{ name: 'one', command: 'sleep', args: ['1000'] }];
  const running = supervise({ programs, pidDirectory: pids, clock: realClock, log: silentLogger }, stop.signal);
  await vi.waitUntil(() => pidOf('pids/one') !== left, { timeout: 10_000 });
  expect([isAlive(left), isAlive(strange)]).toEqual([false, true]);
  stop.abort();
  await running;
});

test('a child whose pid cannot be written down is kept running and ended like the others', async () => {
  const stop = new AbortController();
  mkdirSync(join(directory, 'one.pid'));
  const script = `echo $$ > ${directory}/self.pid; exec sleep 1000`;
  const programs = [{ name: 'one', command: 'sh', args: ['-c', script] }];
  const running = supervise({ programs, pidDirectory: directory, clock: realClock, log: silentLogger }, stop.signal);
  const pid = await vi.waitUntil(() => pidOf('self'));
  expect(isAlive(pid)).toBe(true);
  stop.abort();
  await running;
  expect(isAlive(pid)).toBe(false);
});
