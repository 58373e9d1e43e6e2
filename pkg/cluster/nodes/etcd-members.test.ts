import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { makePlace, placeOf, type EtcdMember } from './etcd-members.ts';

const PEER = 'https://10.0.0.3:2380';
const others: EtcdMember[] = [1, 2].map((n) => ({
  ID: String(n),
  name: `n${n}`,
  peerURLs: [`https://10.0.0.${n}:2380`],
  clientURLs: [`https://10.0.0.${n}:2379`],
}));
const third = { ID: '3', peerURLs: [PEER] };

test.each([
  { name: 'that served is lost', member: { ...third, name: 'n3', clientURLs: ['https://10.0.0.3:2379'] }, is: 'lost' },
  { name: 'that never served is planned', member: { ...third, name: 'n3' }, is: 'planned' },
  { name: 'that is expected is added', member: { ...third, name: '' }, is: 'added' },
  { name: 'that nobody knows is unknown', member: undefined, is: 'unknown' },
])('an empty member $name', ({ member, is }) => {
  expect(placeOf(member === undefined ? others : [...others, member], PEER)).toMatchObject({ is });
});

/** Members that answer as etcd's gateway does; `refusals`: how often they are not sure of each other yet. */
async function etcd(members: EtcdMember[], refusals = 0) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const what = request.url?.split('/').at(-1) ?? '';
      calls.push(`${what} ${body}`);
      response.setHeader('Content-Type', 'application/json');
      if (what !== 'list' && refusals-- > 0) {
        response.statusCode = 503;
        response.end('{"error":"etcdserver: unhealthy cluster","code":14}');
        return;
      }
      if (what === 'remove') members = members.filter(({ ID }) => !body.includes(`"${ID}"`));
      if (what === 'add') members = [...members, third];
      response.end(JSON.stringify({ members }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on a port
  const replacement = {
    peerUrl: PEER,
    others: ['http://127.0.0.1:1', `http://127.0.0.1:${port}`],
    authority: '',
    client: { certificate: '', key: '' },
    clock: realClock,
  };
  return { calls, make: () => makePlace(replacement, AbortSignal.timeout(10_000)) };
}

const lost = { ...third, name: 'n3', clientURLs: ['https://10.0.0.3:2379'] };

test('the lost member is forgotten and the new one expected, by whichever member answers', async () => {
  const { calls, make } = await etcd([...others, lost]);
  expect(await make()).toBe('existing');
  expect(calls).toEqual(['list {}', 'remove {"ID":"3"}', `add {"peerURLs":["${PEER}"]}`]);
  calls.length = 0;
  expect(await make()).toBe('existing'); // interrupted right after it
  expect(calls).toEqual(['list {}']);
});

test('members that are not sure of each other yet are asked again', async () => {
  const { calls, make } = await etcd([...others, lost], 1);
  expect(await make()).toBe('existing');
  expect(calls.filter((call) => call.startsWith('remove'))).toHaveLength(2);
});
