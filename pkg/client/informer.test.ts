import { describe, expect, test } from 'vitest';
import { ApiError } from '../api/meta/status.ts';
import { configMaps } from '../api/resources.ts';
import type { ConfigMap } from '../api/schema/generated/core.v1.gen.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { silentLogger } from '../logging/logger.ts';
import type { RawWatchEvent, Transport, TransportResponse } from './transport.ts';
import { UnreachableError } from './transport.ts';
import { createInformer, type InformerOptions } from './informer.ts';
import { createClient } from './typed-client.ts';

function map(name: string, revision: number, uid = name): ConfigMap {
  const metadata = { name, namespace: 'ns', uid, resourceVersion: String(revision), creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { revision: String(revision) } };
}

interface ListStep {
  readonly items?: readonly ConfigMap[];
  readonly revision?: number;
  readonly next?: string;
  readonly fails?: Error;
}

/** What one watch does: events, then it stays open, ends or breaks. */
interface WatchStep {
  readonly events?: readonly RawWatchEvent[];
  readonly finish?: 'stay' | 'end' | Error;
}

/** Plays lists and watches in order and notes what was asked for. */
function scripted(lists: ListStep[], watches: WatchStep[]): { transport: Transport; asked: string[] } {
  const asked: string[] = [];
  const unused = () => Promise.reject(new Error('not part of this test'));
  const transport: Transport = {
    async request({ path }): Promise<TransportResponse> {
      asked.push(`list ${path.split('?')[1] ?? ''}`);
      const step = lists.shift();
      if (step === undefined) throw new UnreachableError('the script has no more lists');
      if (step.fails !== undefined) throw step.fails;
      // As servers send lists: items without kind and apiVersion.
      const items = (step.items ?? []).map(({ kind: _kind, apiVersion: _version, ...rest }) => rest);
      const metadata = { resourceVersion: String(step.revision ?? 0), continue: step.next };
      return { status: 200, warnings: [], body: { items, metadata } };
    },
    async watch(path, signal) {
      asked.push(`watch ${new URLSearchParams(path.split('?')[1]).get('resourceVersion')}`);
      const step = watches.shift() ?? { finish: 'stay' };
      if (step.events === undefined && step.finish instanceof Error) throw step.finish;
      return (async function* () {
        yield* step.events ?? [];
        if (step.finish instanceof Error) throw step.finish;
        if (step.finish === 'end') return;
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      })();
    },
    stream: unused,
    connect: unused,
    close: () => Promise.resolve(),
  };
  return { transport, asked };
}

async function play(lists: ListStep[], watches: WatchStep[], more: Partial<InformerOptions<ConfigMap>> = {}) {
  const clock = new VirtualClock();
  const { transport, asked } = scripted(lists, watches);
  const informer = createInformer(createClient(transport).resource(configMaps), { clock, log: silentLogger, ...more });
  const told: string[] = [];
  informer.on({
    added: (object, initial) => told.push(`${initial ? 'initially ' : ''}added ${show(object)}`),
    changed: (object, before) => told.push(`changed ${show(before)} to ${show(object)}`),
    deleted: (object) => told.push(`deleted ${show(object)}`),
  });
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  await clock.advance(0);
  return { informer, asked, told, clock, stop: () => (stop.abort(new Error('test over')), running) };
}

const show = ({ metadata }: ConfigMap) => `${metadata.name}@${metadata.resourceVersion}`;
const added = (object: ConfigMap): RawWatchEvent => ({ type: 'ADDED', object });
const modified = (object: ConfigMap): RawWatchEvent => ({ type: 'MODIFIED', object });
const deleted = (object: ConfigMap): RawWatchEvent => ({ type: 'DELETED', object });
const bookmark = (revision: number): RawWatchEvent => ({ type: 'BOOKMARK', object: map('', revision) });
const gone = (): RawWatchEvent => ({ type: 'ERROR', object: new ApiError('Expired', 'too old').status });

describe('an informer', () => {
  test('lists, then watches from the revision of the list', async () => {
    const run = await play(
      [{ items: [map('a', 1)], revision: 5 }],
      [{ events: [added(map('b', 6)), modified(map('a', 7)), deleted(map('b', 8))] }],
    );
    expect(run.asked).toEqual(['list limit=1000', 'watch 5']);
    expect(run.told).toEqual(['initially added a@1', 'added b@6', 'changed a@1 to a@7', 'deleted b@8']);
    expect(run.informer.store.list().map(show)).toEqual(['a@7']);
    expect(run.informer.store.get('ns/a')?.kind).toBe('ConfigMap');
    await run.stop();
  });

  test('resumes a watch that ended or broke where it stood, and tells nothing twice', async () => {
    const run = await play(
      [{ items: [map('a', 1)], revision: 5 }],
      [
        { events: [added(map('b', 6)), bookmark(9)], finish: 'end' },
        { events: [modified(map('a', 10))], finish: new UnreachableError('reset') },
        { events: [modified(map('a', 11))] },
      ],
    );
    await run.clock.advance(1000);
    expect(run.asked).toEqual(['list limit=1000', 'watch 5', 'watch 9', 'watch 10']);
    expect(run.told).toEqual(['initially added a@1', 'added b@6', 'changed a@1 to a@10', 'changed a@10 to a@11']);
    await run.stop();
  });

  test('resumes a watch of which nothing is heard any more', async () => {
    const run = await play([{ revision: 5 }], [{ events: [bookmark(6)] }, {}]);
    await run.clock.advance(149_000);
    expect(run.asked).toEqual(['list limit=1000', 'watch 5']);
    await run.clock.advance(2000);
    expect(run.asked).toEqual(['list limit=1000', 'watch 5', 'watch 6']);
    await run.stop();
    expect(run.clock.pending).toBe(0);
  });

  test('lists again when its history is gone, and tells only what differs', async () => {
    const run = await play(
      [
        { items: [map('a', 1), map('b', 2), map('c', 3)], revision: 5 },
        { items: [map('a', 1), map('c', 8), map('d', 9)], revision: 20 },
      ],
      [{ events: [gone()] }],
    );
    await run.clock.advance(1000);
    expect(run.asked).toEqual(['list limit=1000', 'watch 5', 'list limit=1000', 'watch 20']);
    expect(run.told.slice(3)).toEqual(['deleted b@2', 'changed c@3 to c@8', 'added d@9']);
    await run.stop();
  });

  test('tells of two objects when a name was deleted and made again unseen', async () => {
    const run = await play(
      [
        { items: [map('a', 1, 'first')], revision: 5 },
        { items: [map('a', 9, 'second')], revision: 20 },
      ],
      [{ events: [gone()] }],
    );
    await run.clock.advance(1000);
    expect(run.told).toEqual(['initially added a@1', 'deleted a@1', 'added a@9']);
    await run.stop();
  });

  test('reads a list in pages, and in one piece when the pages expire', async () => {
    const run = await play(
      [
        { items: [map('a', 1)], revision: 5, next: 'p2' },
        { fails: new ApiError('Expired', 'the continue token is too old') },
        { items: [map('a', 1), map('b', 2)], revision: 7 },
      ],
      [],
      { pageSize: 1 },
    );
    expect(run.asked).toEqual(['list limit=1', 'list limit=1&continue=p2', 'list ', 'watch 7']);
    expect(run.told).toEqual(['initially added a@1', 'initially added b@2']);
    await run.stop();
  });

  test('waits longer and longer for a server that is away, and has not synced before the first list', async () => {
    const away = { fails: new UnreachableError('refused') };
    const run = await play([away, away, { items: [], revision: 3 }], []);
    expect(run.informer.hasSynced).toBe(false);
    await run.clock.advance(100);
    expect(run.asked.length).toBe(2);
    await run.clock.advance(199);
    expect(run.asked.length).toBe(2);
    await run.clock.advance(1);
    expect(run.asked).toEqual(['list limit=1000', 'list limit=1000', 'list limit=1000', 'watch 3']);
    expect(run.informer.hasSynced).toBe(true);
    await run.informer.synced();
    await run.stop();
  });

  test('does not hammer a server that ends every watch at once', async () => {
    const ends = Array.from({ length: 50 }, (): WatchStep => ({ finish: 'end' }));
    const run = await play([{ items: [], revision: 3 }], ends);
    await run.clock.advance(3000);
    expect(run.asked.length).toBeLessThan(8);
    await run.stop();
  });

  test('keeps indexes in step, also those added later', async () => {
    const byParity = {
      parity: (object: ConfigMap) => [Number(object.metadata.resourceVersion) % 2 === 0 ? 'even' : 'odd'],
    };
    const run = await play(
      [{ items: [map('a', 1), map('b', 2)], revision: 5 }],
      [{ events: [modified(map('a', 6)), deleted(map('b', 7))] }],
      { indexers: byParity },
    );
    expect(run.informer.store.byIndex('parity', 'even').map(show)).toEqual(['a@6']);
    expect(run.informer.store.byIndex('parity', 'odd')).toEqual([]);
    run.informer.addIndexers({ name: (object) => [object.metadata.name] });
    expect(run.informer.store.byIndex('name', 'a').map(show)).toEqual(['a@6']);
    await run.stop();
  });

  test('goes on when a handler throws, and stops telling those that were disposed', async () => {
    const run = await play([{ items: [map('a', 1)], revision: 5 }], []);
    const late: string[] = [];
    const listening = run.informer.on({
      added: (object) => {
        late.push(show(object));
        throw new Error('a handler with a bug');
      },
    });
    expect(late).toEqual(['a@1']);
    listening[Symbol.dispose]();
    expect(run.informer.store.size).toBe(1);
    await run.stop();
  });
});
