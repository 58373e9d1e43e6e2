import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { createTokenSigningKey } from '../../pki/certificates.ts';
import { alwaysAllow } from '../authz/authorizer.ts';
import { authenticate } from './authenticator.ts';
import { impersonated, impersonates } from './impersonation.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { csvColumns, tokenFile } from './token-file.ts';

const tokens = [tokenFile('secret,jane,7,"dev,ops"\n\nother,joe,8', 'file')];

test.each([
  {
    name: 'nothing',
    credentials: { certificate: undefined, authorization: undefined },
    want: 'system:anonymous system:unauthenticated',
  },
  {
    name: 'a certificate',
    credentials: { certificate: { commonName: 'kim', organizations: ['a'], expires: 0 }, authorization: undefined },
    want: 'kim a,system:authenticated',
  },
  { name: 'a bad certificate', credentials: { certificate: 'invalid', authorization: undefined }, want: 'refused' },
  {
    name: 'a token',
    credentials: { certificate: undefined, authorization: 'Bearer secret' },
    want: 'jane dev,ops,system:authenticated',
  },
  {
    name: 'a token in another case of the scheme',
    credentials: { certificate: undefined, authorization: 'bearer other' },
    want: 'joe system:authenticated',
  },
  {
    name: 'a token that nobody has',
    credentials: { certificate: undefined, authorization: 'Bearer none' },
    want: 'refused',
  },
  { name: 'another scheme', credentials: { certificate: undefined, authorization: 'Basic x' }, want: 'refused' },
] as const)('whoever shows $name is $want', async ({ credentials, want }) => {
  const user = await authenticate(credentials, tokens);
  expect(user === undefined ? 'refused' : `${user.name} ${user.groups.join()}`).toBe(want);
});

test('a line of a token file without a user is refused with its number', () => {
  expect(() => tokenFile('a,b,1\nonly', 'tokens.csv')).toThrow('tokens.csv: line 2');
  expect(csvColumns('a,"b ""c"", d",e')).toEqual(['a', 'b "c", d', 'e']);
});

async function accountTokens(uids: Readonly<Record<string, string | undefined>>) {
  const keys = await createTokenSigningKey();
  const clock = new VirtualClock();
  const made = new ServiceAccountTokens(
    {
      issuers: ['https://i'],
      audiences: ['https://i'],
      signingKey: keys.privateKey,
      verificationKeys: [keys.publicKey],
    },
    clock,
    (resource, namespace, name) => uids[`${resource}/${namespace}/${name}`],
  );
  const claims = {
    namespace: 'ns',
    account: { name: 'sa', uid: 'u1' },
    audiences: ['https://i'],
    expirationSeconds: 600,
    id: 'j',
  };
  return { made, clock, claims };
}

test('a service-account token is good until it expires', async () => {
  const { made, clock, claims } = await accountTokens({ 'serviceaccounts/ns/sa': 'u1' });
  const token = await made.sign({ ...claims, bound: undefined });
  expect(await made.authenticate(token)).toMatchObject({
    name: 'system:serviceaccount:ns:sa',
    uid: 'u1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:ns'],
  });
  await clock.advance(601_000);
  expect(await made.authenticate(token)).toBeUndefined();
});

test.each([
  { name: 'the account is gone', uids: {} },
  { name: 'the account was made anew', uids: { 'serviceaccounts/ns/sa': 'u2' } },
  { name: 'the pod it is bound to is gone', uids: { 'serviceaccounts/ns/sa': 'u1' } },
  { name: 'the pod it is bound to was made anew', uids: { 'serviceaccounts/ns/sa': 'u1', 'pods/ns/p': 'other' } },
])('a service-account token is worth nothing when $name', async ({ uids }) => {
  const { made, claims } = await accountTokens(uids);
  const token = await made.sign({ ...claims, bound: { kind: 'Pod', name: 'p', uid: 'p1' } });
  expect(await made.authenticate(token)).toBeUndefined();
});

test('a service-account token is refused where it is for somebody else or signed by somebody else', async () => {
  const { made, claims } = await accountTokens({ 'serviceaccounts/ns/sa': 'u1' });
  const stranger = await accountTokens({ 'serviceaccounts/ns/sa': 'u1' });
  expect(
    await made.authenticate(await made.sign({ ...claims, audiences: ['vault'], bound: undefined })),
  ).toBeUndefined();
  expect(await made.authenticate(await stranger.made.sign({ ...claims, bound: undefined }))).toBeUndefined();
  expect(await made.authenticate('a.b.c')).toBeUndefined();
});

test.each(['RS256', 'ES256', 'HS256', 'PS512', 'none', 'XX'])('a forged token that says %s is refused', async (alg) => {
  const { made } = await accountTokens({ 'serviceaccounts/ns/sa': 'u1' });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'https://i', aud: 'https://i', sub: 'system:serviceaccount:ns:sa' };
  for (const signature of ['', 'AAAA', 'A'.repeat(86), '%']) {
    expect(await made.authenticate(`${part({ alg })}.${part(claims)}.${signature}`)).toBeUndefined();
  }
  expect(await made.authenticate(`${part({ alg, crit: ['x'] })}.%.%`)).toBeUndefined();
});

test('a request in the name of another has that user, groups and extras', () => {
  const admin = { name: 'admin', groups: ['system:masters'] };
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'dev, ops', 'impersonate-extra-scopes': 'view' };
  expect(impersonated(admin, headers, alwaysAllow)).toEqual({
    name: 'jane',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: { scopes: ['view'] },
  });
  expect(impersonated(admin, {}, alwaysAllow)).toBe(admin);
});

test.each([
  {
    as: 'system:serviceaccount:ns:a',
    groups: undefined,
    want: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
  },
  { as: 'system:serviceaccount:ns:a', groups: 'dev', want: ['dev', 'system:authenticated'] },
  { as: 'jane', groups: 'dev,system:authenticated', want: ['dev', 'system:authenticated'] },
  { as: 'system:anonymous', groups: undefined, want: ['system:unauthenticated'] },
])('$as with the groups $groups is in $want', ({ as, groups, want }) => {
  const headers = { 'impersonate-user': as, ...(groups !== undefined && { 'impersonate-group': groups }) };
  expect(impersonated({ name: 'root', groups: [] }, headers, alwaysAllow).groups).toEqual(want);
});

test.each([{ 'impersonate-uid': '5' }, { 'impersonate-extra-a': 'b' }, { 'impersonate-group': 'dev' }])(
  'nobody is half of somebody else: %j',
  (headers) => {
    expect(impersonates(headers)).toBe(true);
    expect(() => impersonated({ name: 'root', groups: [] }, headers, alwaysAllow)).toThrow(
      'without impersonating a user',
    );
  },
);
