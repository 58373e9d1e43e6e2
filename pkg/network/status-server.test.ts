import { expect, test } from 'vitest';
import { parseBindAddress, serveStatus } from './status-server.ts';

test.each([
  { text: '0.0.0.0:10256', want: { host: '0.0.0.0', port: 10_256 } },
  { text: '127.0.0.1', want: { host: '127.0.0.1', port: 99 } },
  { text: ':8080', want: { host: '0.0.0.0', port: 8080 } },
  { text: '[::1]:8080', want: { host: '::1', port: 8080 } },
  { text: '[::]', want: { host: '::', port: 99 } },
  { text: '127.0.0.1:99999', want: undefined },
  { text: '127.0.0.1:http', want: undefined },
  { text: '', want: undefined },
])('reads the bind address "$text"', ({ text, want }) => {
  expect(parseBindAddress(text, 99)).toEqual(want);
});

test('serves its pages and nothing else, and says when its address is taken', async () => {
  const stop = new AbortController();
  const pages = {
    '/healthz': () => ({ status: 503, body: 'not yet' }),
    '/fails': () => Promise.reject(new Error('inside')),
  };
  const at = { host: '127.0.0.1', port: 16_655 };
  const serving = serveStatus(at, pages, stop.signal);
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:16655${path}`);
    return `${response.status} ${(await response.text()).trim()}`;
  };
  expect(await ask('/healthz?verbose')).toBe('503 not yet');
  expect(await ask('/fails')).toBe('500 internal error');
  expect(await ask('/other')).toBe('404 404 page not found');
  await expect(serveStatus(at, pages, stop.signal)).rejects.toThrow('cannot listen on 127.0.0.1, port 16655');
  stop.abort();
  await serving;
});
