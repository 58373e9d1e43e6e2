// The annotation in which kubectl keeps what was last applied, and the three-way patch that apply computes from it. The
// bytes of the annotation are those kubectl writes. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, isObject, object, parseJson, text } from '../objects/access.ts';
import { toCompactJson } from '../printers/json.ts';
import { threeWayMergePatch } from './json-merge.ts';
import { mergeSchemaOf, type MergeSchema } from './merge-schema.ts';
import { diffObjects, unitePatches } from './strategic-diff.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object with itself, less the annotation, written into the annotation. */
export function withLastApplied(manifest: JsonObject): JsonObject {
  const metadata = object(manifest, 'metadata');
  const { [LAST_APPLIED]: _, ...annotations } = object(metadata, 'annotations');
  const plain: JsonObject = { ...manifest, metadata: { ...metadata, annotations } };
  const saved = `${toCompactJson(plain)}\n`;
  return { ...plain, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: saved } } };
}

/** What the annotation says of a manifest: the manifest without the annotation. */
export function lastAppliedText(manifest: JsonObject): string {
  const metadata = object(manifest, 'metadata');
  if (at(metadata, 'annotations', LAST_APPLIED) === undefined) return `${toCompactJson(manifest)}\n`;
  const { [LAST_APPLIED]: _, ...annotations } = object(metadata, 'annotations');
  return `${toCompactJson({ ...manifest, metadata: { ...metadata, annotations } })}\n`;
}

/** Undefined when the object was never applied. */
export function lastAppliedOf(live: JsonObject): JsonObject | undefined {
  const saved = at(live, 'metadata', 'annotations', LAST_APPLIED);
  if (typeof saved !== 'string' || saved === '') return undefined;
  const parsed: Json = parseJson(saved);
  return isObject(parsed) ? parsed : undefined;
}

/** The same for an object of a generator, whose saved text keeps the order of its fields. */
export function withSavedConfig(made: JsonObject): JsonObject {
  const metadata = object(made, 'metadata');
  const saved = `${JSON.stringify(made)}\n`;
  return {
    ...made,
    metadata: { ...metadata, annotations: { ...object(metadata, 'annotations'), [LAST_APPLIED]: saved } },
  };
}

export interface ApplyPatch {
  readonly type: 'strategic' | 'merge';
  readonly patch: JsonObject;
}

/** What to send so that `live` becomes what `modified` asks for; an empty patch when it already is. */
export function applyPatch(modified: JsonObject, live: JsonObject): ApplyPatch {
  const original = lastAppliedOf(live) ?? {};
  const schema: MergeSchema = mergeSchemaOf(text(modified, 'apiVersion'), text(modified, 'kind'));
  if (schema === undefined) return { type: 'merge', patch: threeWayMergePatch(original, modified, live) };
  const changes = diffObjects(live, modified, schema, { ignoreDeletions: true, ignoreChanges: false });
  const deletions = diffObjects(original, modified, schema, { ignoreDeletions: false, ignoreChanges: true });
  return { type: 'strategic', patch: unitePatches(deletions, changes, schema) };
}

/** The patch that turns one version of an object into another, as `edit`, `set` and `label` send it. */
export function twoWayPatch(before: JsonObject, after: JsonObject): ApplyPatch {
  const schema = mergeSchemaOf(text(after, 'apiVersion'), text(after, 'kind'));
  if (schema === undefined) {
    const patch = threeWayMergePatch(before, after, before);
    return { type: 'merge', patch };
  }
  return {
    type: 'strategic',
    patch: diffObjects(before, after, schema, { ignoreDeletions: false, ignoreChanges: false }),
  };
}
