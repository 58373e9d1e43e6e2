import { expect, test } from 'vitest';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { replaceableTransport } from './replaceable-transport.ts';
import type { NetworkTransport } from './transport.ts';

function fake(name: string, log: string[]): NetworkTransport {
  const answer = (body: unknown) => Promise.resolve({ status: 200, warnings: [], body });
  return {
    request: ({ path }) => {
      log.push(`${name} ${path}`);
      return answer(name);
    },
    watch: () => Promise.reject(new Error('not asked for')),
    stream: () => Promise.reject(new Error('not asked for')),
    connect: () => Promise.reject(new Error('not asked for')),
    dropConnections: () => log.push(`${name} dropped`),
    close: () => {
      log.push(`${name} closed`);
      return Promise.resolve();
    },
  };
}

const get = (path: string) => ({ method: 'GET', path }) as const;

test('new calls go by the new transport at once, and the old one is closed a moment later', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const transport = replaceableTransport(fake('old', log), clock);
  await transport.request(get('/1'));
  transport.replace(fake('new', log));
  await transport.request(get('/2'));
  await clock.advance(4_999);
  expect(log).toEqual(['old /1', 'new /2']);
  await clock.advance(1);
  expect(log.at(-1)).toBe('old closed');
  await transport.close();
  expect(log.slice(3)).toEqual(['new closed']);
});

test('connections are dropped by the new one and by what lives on of the old', async () => {
  const log: string[] = [];
  const clock = new VirtualClock();
  const transport = replaceableTransport(fake('old', log), clock);
  transport.replace(fake('new', log));
  transport.dropConnections();
  expect(new Set(log)).toEqual(new Set(['old dropped', 'new dropped']));
  await clock.advance(5_000);
  transport.dropConnections();
  expect(log.slice(2)).toEqual(['old closed', 'new dropped']);
});

test('closing ends all that are there yet', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const transport = replaceableTransport(fake('a', log), clock);
  transport.replace(fake('b', log));
  transport.replace(fake('c', log));
  await transport.close();
  expect(new Set(log)).toEqual(new Set(['a closed', 'b closed', 'c closed']));
  expect(clock.pending).toBe(0);
});
