import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { object, text } from '../objects/access.ts';
import { applyPatch, LAST_APPLIED, lastAppliedOf, withLastApplied } from './last-applied.ts';

function deployment(containers: JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...object(more, 'metadata') },
    spec: { ...object(more, 'spec'), template: { spec: { containers } } },
  };
}

/** The patch that apply sends, without the annotation. */
function patchOf(before: JsonObject, live: JsonObject, after: JsonObject): JsonObject {
  const annotated = withLastApplied(before);
  const metadata = { ...object(live, 'metadata'), annotations: object(annotated, 'metadata', 'annotations') };
  const { patch } = applyPatch(withLastApplied(after), { ...live, metadata });
  const annotations = object(patch, 'metadata', 'annotations');
  delete annotations[LAST_APPLIED];
  return object(patch, 'spec');
}

test('writes the annotation with the bytes that kubectl writes', () => {
  const applied = withLastApplied({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { x: '<b>' } });
  expect(text(applied, 'metadata', 'annotations', LAST_APPLIED)).toBe(
    '{"apiVersion":"v1","data":{"x":"\\u003cb\\u003e"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a"}}\n',
  );
  expect(lastAppliedOf(applied)).toMatchObject({ data: { x: '<b>' } });
});

describe('the three-way patch', () => {
  const nginx = { name: 'nginx', image: 'nginx:1' };

  test('is empty when nothing changed, whatever the server filled in', () => {
    const live = deployment([{ ...nginx, imagePullPolicy: 'Always' }], { spec: { replicas: 1 } });
    const manifest = deployment([nginx]);
    expect(applyPatch(withLastApplied(manifest), withMetadataOf(live, withLastApplied(manifest))).patch).toEqual({});
  });

  test('changes a container by its name', () => {
    const patch = patchOf(deployment([nginx]), deployment([nginx]), deployment([{ name: 'nginx', image: 'nginx:2' }]));
    expect(patch).toEqual({
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'nginx' }],
          containers: [{ name: 'nginx', image: 'nginx:2' }],
        },
      },
    });
  });

  test('deletes what the manifest no longer has and leaves what others added', () => {
    const before = deployment([nginx, { name: 'old', image: 'o' }]);
    const live = deployment([nginx, { name: 'old', image: 'o' }, { name: 'injected', image: 'i' }]);
    const patch = patchOf(before, live, deployment([nginx]));
    expect(object(patch, 'template', 'spec')['containers']).toEqual([{ $patch: 'delete', name: 'old' }]);
  });

  test('deletes a field with null only when the last manifest had it', () => {
    const before = deployment([nginx], { spec: { paused: true } });
    const live = deployment([nginx], { spec: { paused: true, minReadySeconds: 5 } });
    expect(patchOf(before, live, deployment([nginx]))).toEqual({ paused: null });
  });

  test('is a merge patch for kinds that have no merge keys', () => {
    const widget = (size: number): JsonObject => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { size },
    });
    const { type, patch } = applyPatch(withLastApplied(widget(2)), withLastApplied(widget(1)));
    expect(type).toBe('merge');
    expect(patch['spec']).toEqual({ size: 2 });
  });
});

function withMetadataOf(live: JsonObject, applied: JsonObject): JsonObject {
  return { ...live, metadata: applied['metadata'] ?? {} };
}
