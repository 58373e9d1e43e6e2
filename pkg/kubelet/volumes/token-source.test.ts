import { expect, test } from 'vitest';
import type { Client } from '../../client/client.ts';
import { UnreachableError } from '../../client/transport.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { container, pod } from '../testing/pods.ts';
import { TokenSource } from './token-source.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;

test('a token that cannot be renewed stays in use, and is not asked for again at once', async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const createSubresource = () => {
    if (asked++ > 0) return Promise.reject(new UnreachableError('the API server is away'));
    const expirationTimestamp = new Date(clock.now() + HOUR).toISOString();
    return Promise.resolve({ status: { token: 'first', expirationTimestamp } });
  };
  const client = { resource: () => ({ createSubresource }) } as unknown as Client; // nothing else is asked for
  const tokens = new TokenSource(client, clock);
  const owner = pod({ containers: [container('web')] });
  const projection = { path: 'token' };
  expect(await tokens.token(owner, projection, never)).toBe('first');
  await clock.advance(HOUR * 0.8);
  expect(await tokens.token(owner, projection, never)).toBe('first');
  expect(asked).toBe(2);
  expect(tokens.refreshAt(owner.metadata.uid)).toBe(clock.now() + 60_000);
});
