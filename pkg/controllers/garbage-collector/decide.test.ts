import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configMaps, nodes } from '../../api/resources.ts';
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import { ago, meta } from '../testing/objects.ts';
import { AbsentOwners } from './absent-owners.ts';
import { decide, type OwnerState } from './decide.ts';
import { FOREGROUND, ORPHAN, OwnerGraph, isTheOwner, type GraphNode } from './graph.ts';

interface Line {
  /** `name` or `name!` (blocks the owner's deletion). */
  readonly owners?: readonly string[];
  readonly finalizers?: readonly string[];
  readonly deleted?: boolean;
  readonly namespace?: string;
}

function reference(text: string): OwnerReference {
  const name = text.replace('!', '');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name,
    uid: `uid-${name}`,
    ...(text.endsWith('!') && { blockOwnerDeletion: true }),
  };
}

function graphNode(name: string, line: Line = {}): GraphNode {
  const metadata = meta(name, {
    ...(line.owners !== undefined && { ownerReferences: line.owners.map(reference) }),
    ...(line.finalizers !== undefined && { finalizers: [...line.finalizers] }),
    ...(line.deleted === true && { deletionTimestamp: ago(1) }),
    ...(line.namespace !== undefined && { namespace: line.namespace }),
  });
  return { type: configMaps, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
}

const waiting: Line = { deleted: true, finalizers: [FOREGROUND] };

describe('what to do about an object', () => {
  const states: Record<string, OwnerState> = { 'uid-solid': 'solid', 'uid-absent': 'absent', 'uid-waiting': 'waiting' };
  test.each([
    { name: 'without owners is left alone', line: {}, want: { do: 'nothing' } },
    { name: 'with a solid owner is left alone', line: { owners: ['solid'] }, want: { do: 'nothing' } },
    {
      name: 'without any owner left is deleted',
      line: { owners: ['absent'] },
      want: { do: 'delete', policy: 'Background' },
    },
    {
      name: 'that asks to orphan its own dependents is deleted that way',
      line: { owners: ['absent'], finalizers: [ORPHAN] },
      want: { do: 'delete', policy: 'Orphan' },
    },
    {
      name: 'that asks for the foreground is deleted that way',
      line: { owners: ['absent'], finalizers: [FOREGROUND] },
      want: { do: 'delete', policy: 'Foreground' },
    },
    {
      name: 'with one owner left only loses the others',
      line: { owners: ['solid', 'absent', 'waiting'] },
      want: { do: 'drop-owners', uids: ['uid-absent', 'uid-waiting'] },
    },
    {
      name: 'whose owner waits for it is deleted',
      line: { owners: ['waiting'] },
      want: { do: 'delete', policy: 'Background' },
    },
    {
      name: 'whose owner waits and that has dependents goes in the foreground',
      line: { owners: ['waiting'] },
      dependents: [graphNode('d')],
      want: { do: 'delete', policy: 'Foreground' },
    },
    {
      name: 'in a circle of waiting ones first stops blocking',
      line: { owners: ['waiting'] },
      dependents: [graphNode('d', waiting)],
      want: { do: 'unblock-and-delete' },
    },
    {
      name: 'that is going already is left alone',
      line: { owners: ['absent'], deleted: true, finalizers: ['x'] },
      want: { do: 'nothing' },
    },
    {
      name: 'that waits for nobody is let go',
      line: waiting,
      dependents: [graphNode('d', { owners: ['me'] })],
      want: { do: 'remove-finalizer', finalizer: FOREGROUND },
    },
    {
      name: 'that waits has its blocking dependents visited',
      line: waiting,
      dependents: [graphNode('d', { owners: ['me!'] }), graphNode('e', { owners: ['me'] })],
      want: { do: 'visit', uids: ['uid-d'] },
    },
  ])('$name', ({ line, dependents = [], want }) => {
    const decision = decide(graphNode('me', line), dependents, (owner) => states[owner.uid] ?? 'solid');
    expect(decision).toEqual(want);
  });

  test('that orphans its dependents frees all of them', () => {
    const dependents = [graphNode('d', { owners: ['me!'] })];
    const decision = decide(graphNode('me', { deleted: true, finalizers: [ORPHAN] }), dependents, () => 'solid');
    expect(decision).toEqual({ do: 'orphan', dependents });
  });
});

describe('the graph names who is affected', () => {
  const graphOf = (...all: GraphNode[]) => {
    const graph = new OwnerGraph();
    for (const one of all) graph.put(one);
    return graph;
  };
  test('when an owner is gone: its dependents', () => {
    const graph = graphOf(graphNode('o'), graphNode('a', { owners: ['o'] }), graphNode('b', { owners: ['o'] }));
    expect(graph.remove('uid-o')).toEqual(['uid-a', 'uid-b']);
  });

  test('when an object comes whose owner is not there', () => {
    expect(new OwnerGraph().put(graphNode('a', { owners: ['o'] }))).toEqual(['uid-a']);
    expect(graphOf(graphNode('o')).put(graphNode('a', { owners: ['o'] }))).toEqual([]);
  });

  test('when an owner begins to wait: it and its dependents', () => {
    const graph = graphOf(graphNode('o'), graphNode('a', { owners: ['o!'] }));
    expect(graph.put(graphNode('o', waiting))).toEqual(['uid-o', 'uid-a']);
    expect(graph.put(graphNode('o', waiting))).toEqual([]);
  });

  test.each([
    { name: 'is gone', change: (graph: OwnerGraph) => graph.remove('uid-a') },
    { name: 'blocks no longer', change: (graph: OwnerGraph) => graph.put(graphNode('a', { owners: ['o'] })) },
    { name: 'is not owned any more', change: (graph: OwnerGraph) => graph.put(graphNode('a', {})) },
  ])('when a blocking dependent $name: the owner that waits for it', ({ change }) => {
    const graph = graphOf(graphNode('o', waiting), graphNode('a', { owners: ['o!'] }));
    expect(change(graph)).toContain('uid-o');
  });

  test('when an object comes that is owned across namespaces', () => {
    const graph = graphOf(graphNode('o', { namespace: 'other' }));
    expect(graph.put(graphNode('a', { owners: ['o'] }))).toEqual(['uid-a']);
  });

  test('and forgets nothing and keeps nothing, whatever the order of events', () => {
    const names = ['a', 'b', 'c', 'd'] as const;
    const event = fc.record({ name: fc.constantFrom(...names), owners: fc.subarray([...names]), gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const graph = new OwnerGraph();
        const model = new Map<string, readonly string[]>();
        for (const { name, owners, gone } of events) {
          if (gone) graph.remove(`uid-${name}`);
          else graph.put(graphNode(name, { owners }));
          if (gone) model.delete(name);
          else model.set(name, owners);
        }
        expect(graph.size).toBe(model.size);
        for (const owner of names) {
          const want = [...model].filter(([, owners]) => owners.includes(owner)).map(([name]) => name);
          expect(
            graph
              .dependentsOf(`uid-${owner}`)
              .map(({ object }) => object.metadata.name)
              .toSorted(),
          ).toEqual(want.toSorted());
        }
      }),
    );
  });
});

describe('whether a reference means an object', () => {
  const dependent = graphNode('d');
  test.each([
    { name: 'it does', owner: graphNode('o'), ref: reference('o'), want: true },
    {
      name: 'not in another namespace',
      owner: graphNode('o', { namespace: 'other' }),
      ref: reference('o'),
      want: false,
    },
    { name: 'not of another name', owner: graphNode('o'), ref: { ...reference('o'), name: 'x' }, want: false },
    { name: 'not of another kind', owner: graphNode('o'), ref: { ...reference('o'), kind: 'Secret' }, want: false },
    {
      name: 'not of another group',
      owner: graphNode('o'),
      ref: { ...reference('o'), apiVersion: 'apps/v1' },
      want: false,
    },
  ])('$name', ({ owner, ref, want }) => {
    expect(isTheOwner(owner, ref, dependent)).toBe(want);
  });

  test('it does across versions of a group, and when the owner is cluster-scoped', () => {
    const owner: GraphNode = {
      type: nodes,
      object: { apiVersion: 'v1', kind: 'Node', metadata: { ...meta('o'), namespace: undefined } },
    };
    expect(isTheOwner(owner, { ...reference('o'), kind: 'Node', apiVersion: 'v2' }, dependent)).toBe(true);
  });
});

test('absent owners are remembered by where they were looked for, and not forever', () => {
  const absent = new AbsentOwners();
  absent.add({ uid: 'u', namespace: 'ns' });
  expect([
    absent.has({ uid: 'u' }, 'ns'),
    absent.has({ uid: 'u' }, 'other'),
    absent.has({ uid: 'u' }, undefined),
  ]).toEqual([true, false, false]);
  for (let i = 0; i < 500; i++) absent.add({ uid: `u${i}` });
  expect(absent.has({ uid: 'u' }, 'ns')).toBe(false);
});
