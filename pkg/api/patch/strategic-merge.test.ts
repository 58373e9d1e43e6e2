import { describe, expect, test } from 'vitest';
import { isApiError } from '../meta/status.ts';
import { schemaOf } from '../schema/object-schema.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

const pod = schemaOf('core.v1.Pod');
const spec = (value: Record<string, unknown>): Record<string, unknown> => ({ spec: value });
const apply = (live: Record<string, unknown>, patch: Record<string, unknown>): unknown => {
  const copies = structuredClone([live, patch]);
  const result = applyStrategicMerge(live, patch, pod);
  expect([live, patch]).toEqual(copies);
  return result;
};
const a = { name: 'a', image: 'a1' };
const b = { name: 'b', image: 'b1' };
const c = { name: 'c', image: 'c1' };

describe('lists by merge key', () => {
  test.each([
    {
      what: 'merge the item with the same key',
      live: [a, b],
      patch: [{ name: 'b', image: 'b2' }],
      want: [a, { name: 'b', image: 'b2' }],
    },
    { what: 'put new items before those of the server', live: [a], patch: [b, c], want: [b, c, a] },
    { what: 'drop what $patch delete names', live: [a, b], patch: [{ name: 'a', $patch: 'delete' }], want: [b] },
    {
      what: 'are replaced by $patch replace wherever it stands',
      live: [a, b],
      patch: [c, { $patch: 'replace' }],
      want: [c],
    },
    {
      what: 'keep nulls and directives of a new item out',
      live: [a],
      patch: [{ name: 'n', image: null, env: [{ name: 'E', $patch: 'delete' }], $retainKeys: ['name'] }],
      want: [{ name: 'n', env: [] }, a],
    },
  ])('$what', ({ live, patch, want }) => {
    expect(apply(spec({ containers: live }), spec({ containers: patch }))).toEqual(spec({ containers: want }));
  });

  test('$setElementOrder orders patched and live items and leaves others between their neighbours', () => {
    const order = [{ name: 'c' }, { name: 'n' }, { name: 'a' }];
    const patch = spec({ '$setElementOrder/containers': order, containers: [{ name: 'n' }] });
    expect(apply(spec({ containers: [a, b, c] }), patch)).toEqual(spec({ containers: [b, c, { name: 'n' }, a] }));
  });

  test('$setElementOrder that lacks an item of the patch is refused', () => {
    const patch = spec({ '$setElementOrder/containers': [{ name: 'a' }], containers: [b] });
    expect(() => apply(spec({ containers: [a] }), patch)).toThrow("doesn't match $setElementOrder list");
  });

  test('two ports with the patched key: the first is changed, both are deleted', () => {
    const service = schemaOf('core.v1.Service');
    const ports = [
      { name: 'x', port: 53, protocol: 'TCP' },
      { name: 'y', port: 53, protocol: 'UDP' },
    ];
    const changed = applyStrategicMerge(spec({ ports }), spec({ ports: [{ port: 53, targetPort: 1 }] }), service);
    expect(changed).toEqual(spec({ ports: [{ ...ports[0], targetPort: 1 }, ports[1]] }));
    expect(applyStrategicMerge(spec({ ports }), spec({ ports: [{ port: 53, $patch: 'delete' }] }), service)).toEqual(
      spec({ ports: [] }),
    );
  });
});

describe('maps and other values', () => {
  test.each([
    {
      what: 'atomic lists are replaced',
      live: { tolerations: [{ key: 'a' }] },
      patch: { tolerations: [{ key: 'b' }] },
      want: { tolerations: [{ key: 'b' }] },
    },
    {
      what: 'null deletes',
      live: { nodeName: 'x', hostname: 'y' },
      patch: { nodeName: null },
      want: { hostname: 'y' },
    },
    {
      what: '$patch replace replaces a map',
      live: { nodeSelector: { a: '1' } },
      patch: { nodeSelector: { $patch: 'replace', b: '2' } },
      want: { nodeSelector: { b: '2' } },
    },
    {
      what: '$patch delete empties a map',
      live: { nodeSelector: { a: '1' } },
      patch: { nodeSelector: { $patch: 'delete' } },
      want: { nodeSelector: {} },
    },
    {
      what: '$retainKeys keeps only what it names',
      live: { volumes: [{ name: 'v', emptyDir: {} }] },
      patch: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] },
      want: { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    },
    {
      what: 'another type takes the place',
      live: { containers: [a] },
      patch: { containers: { name: 'x' } },
      want: { containers: { name: 'x' } },
    },
  ])('$what', ({ live, patch, want }) => {
    expect(apply(spec(live), spec(patch))).toEqual(spec(want));
  });

  test('finalizers are a set: $deleteFromPrimitiveList takes out, $setElementOrder orders', () => {
    const live = { metadata: { finalizers: ['x/a', 'x/b'] } };
    expect(apply(live, { metadata: { finalizers: ['x/c', 'x/a'] } })).toEqual({
      metadata: { finalizers: ['x/c', 'x/a', 'x/b'] },
    });
    expect(apply(live, { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a', 'x/z'] } })).toEqual({
      metadata: { finalizers: ['x/b'] },
    });
    const ordered = { '$setElementOrder/finalizers': ['x/c', 'x/b', 'x/a'], finalizers: ['x/c'] };
    expect(apply(live, { metadata: ordered })).toEqual({ metadata: { finalizers: ['x/c', 'x/b', 'x/a'] } });
  });
});

describe('faults have the status and text of Kubernetes', () => {
  test.each([
    {
      patch: spec({ containers: [{ image: 'x' }] }),
      code: 500,
      message: 'map: map[image:x] does not contain declared merge key: name',
    },
    {
      patch: spec({ containers: [{ $patch: 'delete' }] }),
      code: 500,
      message: 'map: map[$patch:delete] does not contain declared merge key: name',
    },
    {
      patch: spec({ containers: [{ $patch: 'merge' }] }),
      code: 500,
      message: 'merging lists cannot yet be specified in the patch',
    },
    {
      patch: spec({ nodeSelector: { $patch: 'merge', m: '3' } }),
      code: 500,
      message: 'unknown patch type: merge in map: map[$patch:merge m:3]',
    },
    {
      patch: spec({ nodeSelector: { $retainKeys: ['k'], m: '3' } }),
      code: 400,
      message: 'invalid patch format of retainKeys',
    },
  ])('$message', ({ patch, code, message }) => {
    try {
      apply(spec({ containers: [a], nodeSelector: { k: '1' } }), patch);
      expect.unreachable();
    } catch (error) {
      expect(isApiError(error) && { code: error.code, message: error.status.message }).toEqual({ code, message });
    }
  });
});
