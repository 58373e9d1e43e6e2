import { expect, test } from 'vitest';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { DelegatedAccess } from './delegated-access.ts';
import type { Transport, TransportRequest } from './transport.ts';
import { createClient } from './typed-client.ts';

interface Body {
  readonly spec: { readonly token?: string; readonly user?: string };
}

function given(answer: (spec: Body['spec']) => object) {
  const asked: string[] = [];
  const clock = new VirtualClock();
  const transport: Pick<Transport, 'request'> = {
    async request({ body, path }: TransportRequest) {
      const { spec } = body as Body;
      asked.push(`${path.split('/').at(-1)} ${spec.token ?? spec.user}`);
      return { status: 201, warnings: [], body: { ...(body as object), status: answer(spec) } };
    },
  };
  const client = createClient(transport as Transport); // nothing else of it is used
  const access = new DelegatedAccess({ client, clock, keptMs: { identity: 10_000, allowed: 20_000, denied: 5000 } });
  return { access, asked, clock };
}

test('a token is whose the API server says, and is asked about again after a while', async () => {
  const { access, asked, clock } = given(({ token }) =>
    token === 'good' ? { authenticated: true, user: { username: 'jane', uid: '7', groups: ['a'] } } : {},
  );
  expect(await access.identify('good')).toEqual({ name: 'jane', uid: '7', groups: ['a'] });
  await access.identify('good');
  expect(await access.identify('bad')).toBeUndefined();
  expect(asked).toEqual(['tokenreviews good', 'tokenreviews bad']);
  await clock.advance(10_001);
  await access.identify('good');
  expect(asked.length).toBe(3);
});

test('permission is remembered longer than its refusal', async () => {
  const { access, asked, clock } = given(({ user }) =>
    user === 'jane' ? { allowed: true } : { allowed: true, denied: true, reason: 'no' },
  );
  const attributes = { nonResourceAttributes: { path: '/metrics', verb: 'get' } };
  const ask = async (name: string) => access.decide({ name, groups: [] }, attributes);
  expect(await ask('jane')).toEqual({ allowed: true, reason: '' });
  expect(await ask('john')).toEqual({ allowed: false, reason: 'no' });
  await clock.advance(5001);
  await Promise.all([ask('jane'), ask('john'), ask('john')]);
  expect(asked).toEqual(['jane', 'john', 'john'].map((name) => `subjectaccessreviews ${name}`));
});

test('a question that failed is asked again at once', async () => {
  let away = true;
  const { access } = given(() => {
    if (away) throw new Error('away');
    return { authenticated: true, user: { username: 'jane' } };
  });
  await expect(access.identify('good')).rejects.toThrow('away');
  away = false;
  expect(await access.identify('good')).toEqual({ name: 'jane', groups: [] });
});

test('no more than a thousand answers are remembered', async () => {
  const { access, asked } = given(() => ({}));
  for (let i = 0; i <= 1000; i++) await access.identify(`t${i}`);
  await access.identify('t1000');
  expect(asked.length).toBe(1001);
  await access.identify('t0');
  expect(asked.length).toBe(1002);
});
