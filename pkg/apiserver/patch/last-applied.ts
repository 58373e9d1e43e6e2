// Taking over from client-side apply: `kubectl apply` without --server-side remembers what it applied in an annotation. When
// the same user goes on with server-side apply, its fields are its own and the annotation is kept up to date.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema } from '../../api/schema/object-schema.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { appliedFaults } from './applied-faults.ts';
import { compare, toFieldSet } from './compare.ts';
import { difference, type FieldSet } from './field-set.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** The manager whose applies continue those of `kubectl apply`. */
export const KUBECTL = 'kubectl';

/** Kubernetes' limit on all annotations together; beyond it the copy is dropped rather than the write refused. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** The fields that client-side apply set and that still have its values; undefined when there is no usable annotation. */
export function fieldsOfLastApplied(schema: FieldSchema, live: KubeObject): FieldSet | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined || text === '') return undefined;
  let applied: unknown;
  try {
    applied = JSON.parse(text);
  } catch {
    // A foreign or damaged annotation: it proves nothing, so conflicts stay conflicts.
    return undefined;
  }
  if (!isRecord(applied) || applied['apiVersion'] !== live.apiVersion) return undefined;
  if (appliedFaults(schema, applied).length > 0) return undefined;
  const { added, modified, removed } = compare(schema, applied, live);
  return difference(difference(difference(toFieldSet(schema, applied), modified), added), removed);
}

/** After an apply by kubectl: the annotation, where there is one, says what was applied last. Changes `object`. */
export function refreshLastApplied(object: KubeObject, applied: Record<string, unknown>): void {
  const { annotations } = object.metadata;
  if (annotations?.[LAST_APPLIED] === undefined) return;
  const updated: Record<string, string> = {
    ...annotations,
    [LAST_APPLIED]: `${JSON.stringify(sortedKeys(withoutAnnotation(applied)))}\n`,
  };
  const size = Object.entries(updated).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (size > MAX_ANNOTATION_BYTES) delete updated[LAST_APPLIED];
  object.metadata.annotations = updated;
}

function withoutAnnotation(applied: Record<string, unknown>): Record<string, unknown> {
  const { metadata } = applied;
  if (!isRecord(metadata) || !isRecord(metadata['annotations'])) return applied;
  const { [LAST_APPLIED]: _text, ...annotations } = metadata['annotations'];
  return { ...applied, metadata: { ...metadata, annotations } };
}

/** As Go's encoder writes maps. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sortedKeys(value[key])]),
  );
}
