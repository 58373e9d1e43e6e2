import { describe, expect, test } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { ApiContact } from './api-contact.ts';
import { Isolation, STEPS_DOWN_WITHIN_MS } from './isolation.ts';
import { LingeringNodes } from './lingering-nodes.ts';

type ApiAnswer = 'answers' | 'refuses' | 'nothing';

function scene({ others }: { others: readonly (number | undefined)[] }) {
  const clock = new VirtualClock();
  const contact = new ApiContact(clock);
  contact.heard();
  const api: { now: ApiAnswer } = { now: 'answers' };
  const verdicts: boolean[] = [];
  const isolation: Isolation = new Isolation({
    clock,
    contact,
    askApi: () => {
      if (api.now === 'answers') return Promise.resolve();
      return Promise.reject(api.now === 'refuses' ? new ApiError('Forbidden', 'no') : new Error('nobody there'));
    },
    askNode: (address) => Promise.resolve(others[Number(address)]),
    changed: () => verdicts.push(isolation.isolated),
  });
  const stop = new AbortController();
  const running = isolation.run(stop.signal);
  isolation.watch({ concerned: true, successors: others.map((_, index) => String(index)) });
  return { clock, api, isolation, verdicts, end: () => (stop.abort(), running) };
}

describe('a node that hears nothing of the API server', () => {
  test.each([
    { name: 'is isolated when another one does', others: [undefined, 900], want: true },
    { name: 'is not when the others hear nothing either', others: [20_000, 30_000], want: false },
    { name: 'is not when nobody says anything', others: [undefined, undefined], want: false },
    { name: 'is not when there is nobody else', others: [], want: false },
  ])('$name', async ({ others, want }) => {
    const { clock, api, isolation, end } = scene({ others });
    await clock.advance(5_000);
    api.now = 'nothing';
    await clock.advance(STEPS_DOWN_WITHIN_MS);
    expect(isolation.isolated).toBe(want);
    await end();
    expect(clock.pending).toBe(0);
  });

  test('stays isolated, whatever others say, until it is spoken to again', async () => {
    const others: (number | undefined)[] = [0];
    const { clock, api, verdicts, end } = scene({ others });
    api.now = 'nothing';
    await clock.advance(STEPS_DOWN_WITHIN_MS);
    others[0] = undefined;
    await clock.advance(60_000);
    expect(verdicts).toEqual([true]);
    api.now = 'refuses';
    await clock.advance(3_000);
    expect(verdicts).toEqual([true, false]);
    await end();
  });

  test('is not isolated for a moment of silence', async () => {
    const { clock, api, verdicts, end } = scene({ others: [0] });
    api.now = 'nothing';
    await clock.advance(3_000);
    api.now = 'answers';
    await clock.advance(10_000);
    expect(verdicts).toEqual([]);
    await end();
  });
});

test('a lost node lingers for as long as it may take it to step down, once', async () => {
  const clock = new VirtualClock();
  const node = (name: string, status: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {},
    status: { conditions: [{ type: 'Ready', status }] },
  });
  const all = [node('old', 'Unknown'), node('new', 'Unknown'), node('broken', 'False'), node('good', 'True')];
  const lingering = new LingeringNodes(clock, 'me', [node('old', 'Unknown'), node('new', 'True')]);
  expect([...lingering.among(all)]).toEqual(['new']);
  expect(lingering.nextEndMs()).toBe(STEPS_DOWN_WITHIN_MS);
  await clock.advance(STEPS_DOWN_WITHIN_MS);
  expect([...lingering.among(all)]).toEqual([]);
  expect(lingering.nextEndMs()).toBe(Infinity);
  lingering.among([node('new', 'True')]);
  expect([...lingering.among(all)]).toEqual(['old', 'new']);
  const own = new LingeringNodes(clock, 'new', []);
  own.among(all);
  await clock.advance(own.nextEndMs());
  expect([...own.among(all)]).toEqual(['old']);
});
