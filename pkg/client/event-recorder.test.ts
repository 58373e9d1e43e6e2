import { describe, expect, test } from 'vitest';
import { notFound } from '../api/meta/status.ts';
import { events } from '../api/resources.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { silentLogger } from '../logging/logger.ts';
import { createEventRecorder, type EventRecorderOptions } from './event-recorder.ts';
import { UnreachableError, type Transport, type TransportRequest } from './transport.ts';
import { createClient } from './typed-client.ts';

const POD = { kind: 'Pod', namespace: 'ns', name: 'p', uid: 'u', apiVersion: 'v1' };

function setup(more: Partial<EventRecorderOptions> = {}) {
  const clock = new VirtualClock();
  const sent: TransportRequest[] = [];
  const answers: Error[] = [];
  const unused = () => Promise.reject(new Error('not part of this test'));
  const transport: Transport = {
    async request(request) {
      sent.push(request);
      const failure = answers.shift();
      if (failure !== undefined) throw failure;
      return { status: 200, warnings: [], body: { metadata: {} } };
    },
    watch: unused,
    stream: unused,
    connect: unused,
    close: () => Promise.resolve(),
  };
  const recorder = createEventRecorder({
    client: createClient(transport),
    component: 'tester',
    clock,
    random: () => 0,
    log: silentLogger,
    ...more,
  });
  const say = async (message: string, reason = 'Tested') => {
    recorder.record(POD, { type: 'Normal', reason, message });
    await clock.advance(0);
  };
  const bodies = () => sent.map(({ method, body }): Record<string, unknown> => ({ method, ...(body as object) }));
  return { clock, recorder, say, sent, answers, bodies };
}

describe('the event recorder', () => {
  test('writes who says what about whom', async () => {
    const { say, bodies } = setup({ host: 'n1' });
    await say('it works');
    expect(bodies()).toEqual([
      expect.objectContaining({
        method: 'POST',
        kind: 'Event',
        metadata: { namespace: 'ns', name: expect.stringMatching(/^p\.[0-9a-f]+$/) as unknown },
        involvedObject: POD,
        reason: 'Tested',
        message: 'it works',
        type: 'Normal',
        count: 1,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        source: { component: 'tester', host: 'n1' },
        reportingComponent: 'tester',
        reportingInstance: 'n1',
      }),
    ]);
  });

  test('counts repetitions on the first event', async () => {
    const { clock, say, sent, bodies } = setup();
    await say('again');
    await clock.advance(5000);
    await say('again');
    expect(sent[1]?.path).toBe(
      `/api/v1/namespaces/ns/events/${(bodies()[0] as unknown as { metadata: { name: string } }).metadata.name}`,
    );
    expect(bodies()[1]).toEqual({ method: 'PATCH', count: 2, message: 'again', lastTimestamp: '2026-01-01T00:00:05Z' });
  });

  test('begins anew when the server has forgotten the event', async () => {
    const { say, answers, sent } = setup();
    await say('again');
    answers.push(notFound(events, 'p'));
    await say('again');
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
  });

  test('combines the tenth different message of a reason within ten minutes', async () => {
    const { say, bodies } = setup();
    for (let i = 1; i <= 11; i++) await say(`message ${i}`);
    expect(
      bodies()
        .map(({ message }) => message)
        .slice(8),
    ).toEqual([
      'message 9',
      '(combined from similar events): message 10',
      '(combined from similar events): message 11',
    ]);
    expect(bodies()[10]).toMatchObject({ method: 'PATCH', count: 2 });
  });

  test('lets 25 events about an object through, then one in five minutes', async () => {
    const { clock, say, sent } = setup();
    for (let i = 0; i < 40; i++) await say('noise', `Reason${i}`);
    expect(sent.length).toBe(25);
    await clock.advance(300_000);
    await say('noise', 'Later');
    await say('noise', 'Later2');
    expect(sent.length).toBe(26);
  });

  test('tries again while the server is away, and gives up on what is refused', async () => {
    const { clock, say, answers, sent } = setup();
    answers.push(new UnreachableError('away'), new UnreachableError('away'));
    await say('patient');
    await clock.advance(20_000);
    expect(sent.length).toBe(3);
    answers.push(notFound({ group: '', resource: 'namespaces' }, 'ns'));
    await say('refused', 'Other');
    await clock.advance(60_000);
    expect(sent.length).toBe(4);
  });

  test('writes a series: the first, the second as a count, later ones every half hour', async () => {
    const { clock, say, bodies } = setup({ style: 'series' });
    await say('note');
    await say('note 2');
    for (let i = 0; i < 10; i++) await say('note 3');
    expect(bodies().length).toBe(2);
    expect(bodies()[0]).toMatchObject({
      eventTime: '2026-01-01T00:00:00.000000Z',
      action: 'Tested',
      reportingInstance: 'tester-tester',
      source: {},
    });
    expect(bodies()[0]).not.toHaveProperty('count');
    expect(bodies()[1]).toEqual({
      method: 'PATCH',
      series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
    });
    await clock.advance(7 * 60_000);
    await say('note');
    expect(bodies()[2]).toMatchObject({ method: 'POST', reason: 'Tested' });
  });

  test('writes what waits before it closes, and nothing afterwards', async () => {
    const { recorder, sent } = setup();
    recorder.record(POD, { type: 'Normal', reason: 'A', message: 'a' });
    recorder.record(POD, { type: 'Normal', reason: 'B', message: 'b' });
    await recorder.close();
    recorder.record(POD, { type: 'Normal', reason: 'C', message: 'c' });
    expect(sent.length).toBe(2);
  });
});
