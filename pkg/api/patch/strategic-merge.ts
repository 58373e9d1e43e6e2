// Strategic merge patch: a merge patch that knows the types. Lists with patch strategy `merge` are merged by their merge key
// (or as sets), and directives say the rest: $patch (replace, delete), $retainKeys, $deleteFromPrimitiveList/<list> and
// $setElementOrder/<list>. Rules and texts are those of k8s.io/apimachinery/pkg/util/strategicpatch.
import { isRecord } from '../schema/decode-walk.ts';
import type { FieldSchema, ObjectSchema } from '../schema/object-schema.ts';
import { goFormat } from './go-format.ts';
import { badPatch, inapplicable, untranslated } from './patch-errors.ts';
import { mergeList, orderBySetting, type ListRules } from './strategic-lists.ts';

export const PATCH_DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';
const SET_ORDER = '$setElementOrder/';

/** What a map is merged by: a type's fields, the one type of all values, or nothing known. */
type MapSchema =
  | { readonly kind: 'object'; readonly schema: ObjectSchema }
  | { readonly kind: 'map'; readonly values: FieldSchema }
  | { readonly kind: 'open' };

/** The merged document; neither argument is changed. Throws an ApiError when the patch is malformed or does not fit. */
export function applyStrategicMerge(
  document: Record<string, unknown>,
  patch: Record<string, unknown>,
  schema: ObjectSchema,
): Record<string, unknown> {
  return mergeMap(document, patch, { kind: 'object', schema });
}

function mergeMap(
  original: Record<string, unknown>,
  patch: Record<string, unknown>,
  schema: MapSchema,
): Record<string, unknown> {
  if (Object.hasOwn(patch, PATCH_DIRECTIVE)) return directed(patch);
  const merged = new Map(Object.entries(original));
  const pending = new Map(Object.entries(patch));
  retainKeys(merged, pending);
  const directives = Object.keys(patch).filter((key) => key.startsWith(SET_ORDER));
  for (const key of directives) setOrder(merged, pending, key, schema);
  for (const [key, value] of pending) {
    if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(merged, key.slice(DELETE_FROM_LIST.length), value);
    else if (value === null) merged.delete(key);
    else merged.set(key, mergeMember(merged.get(key), value, key, schema));
  }
  return Object.fromEntries(merged);
}

function directed(patch: Record<string, unknown>): Record<string, unknown> {
  const { [PATCH_DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw untranslated(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(patch)}`);
}

function retainKeys(merged: Map<string, unknown>, patch: Map<string, unknown>): void {
  if (!patch.has(RETAIN_KEYS)) return;
  const list = patch.get(RETAIN_KEYS);
  patch.delete(RETAIN_KEYS);
  if (!Array.isArray(list)) throw badPatch('invalid patch format of retainKeys');
  const retained = new Set<unknown>(list);
  for (const [key, value] of patch) {
    const exempt = value === null || key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER);
    if (!exempt && !retained.has(key)) throw badPatch('invalid patch format of retainKeys');
  }
  for (const key of merged.keys()) if (!retained.has(key)) merged.delete(key);
}

function setOrder(
  merged: Map<string, unknown>,
  patch: Map<string, unknown>,
  directive: string,
  schema: MapSchema,
): void {
  const name = directive.slice(SET_ORDER.length);
  const order = patch.get(directive);
  patch.delete(directive);
  if (!Array.isArray(order)) throw badType('[]interface {}', order);
  const original = merged.get(name);
  const change = patch.get(name);
  if (original !== undefined && !Array.isArray(original)) throw badType('[]interface {}', original);
  if (change !== undefined && change !== null && !Array.isArray(change)) throw badType('[]interface {}', change);
  if (original === undefined && !patch.has(name)) return;
  const rules = listRules(name, schema);
  merged.set(name, orderBySetting(original, change ?? undefined, order, rules));
  patch.delete(name);
}

function deleteFromList(merged: Map<string, unknown>, name: string, items: unknown): void {
  if (!Array.isArray(items)) throw badPatch('invalid patch format of primitive list');
  const original = merged.get(name);
  if (original === undefined) return;
  if (!Array.isArray(original)) throw badPatch('invalid patch format of primitive list');
  const gone = new Set<unknown>(items);
  merged.set(
    name,
    original.filter((item) => !gone.has(item)),
  );
}

function mergeMember(original: unknown, change: unknown, key: string, schema: MapSchema): unknown {
  if (isRecord(original) && isRecord(change)) {
    const inner = mapSchema(key, schema);
    return inner.replaced ? change : mergeMap(original, change, inner.schema);
  }
  if (Array.isArray(original) && Array.isArray(change)) {
    const rules = listRules(key, schema);
    return rules.merged ? mergeList(original, change, rules) : change;
  }
  return withoutDirectives(change);
}

/** What a patch adds where nothing stood: nulls and directives in it have nothing to work on. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isRecord(item) || !Object.hasOwn(item, PATCH_DIRECTIVE)).map(withoutDirectives);
  }
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, PATCH_DIRECTIVE)) return withoutDirectives(directed(value));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== null && !isDirective(key))
      .map(([key, inner]) => [key, withoutDirectives(inner)]),
  );
}

function isDirective(key: string): boolean {
  return key === RETAIN_KEYS || key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER);
}

function mapSchema(key: string, schema: MapSchema): { readonly schema: MapSchema; readonly replaced: boolean } {
  const field = fieldOf(key, schema);
  if (field === undefined) return { schema: { kind: 'open' }, replaced: false };
  switch (field.kind) {
    case 'object':
      return {
        schema: { kind: 'object', schema: field.schema() },
        replaced: field.patchStrategies.includes('replace'),
      };
    case 'map':
      return { schema: { kind: 'map', values: field.values }, replaced: false };
    case 'scalar':
    case 'list':
      return { schema: { kind: 'open' }, replaced: false };
  }
}

function listRules(key: string, schema: MapSchema): ListRules {
  const field = fieldOf(key, schema);
  if (field?.kind !== 'list') return { merged: false, mergeKey: undefined, mergeItem: mergeOpen };
  const { items } = field;
  return {
    merged: field.patchStrategies.includes('merge'),
    mergeKey: field.patchMergeKey,
    mergeItem: (original, change) =>
      mergeMap(
        original,
        change,
        items.kind === 'object' ? { kind: 'object', schema: items.schema() } : { kind: 'open' },
      ),
  };
}

function mergeOpen(original: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  return mergeMap(original, change, { kind: 'open' });
}

function fieldOf(key: string, schema: MapSchema): FieldSchema | undefined {
  switch (schema.kind) {
    case 'object': {
      const field = schema.schema.fields.get(key);
      if (field !== undefined) return field.schema;
      throw untranslated(
        `unable to find api field in struct ${schema.schema.name.split('.').pop() ?? ''} for the json field ${JSON.stringify(key)}`,
      );
    }
    case 'map':
      return schema.values;
    case 'open':
      return undefined;
  }
}

function badType(expected: string, value: unknown): Error {
  const got = isRecord(value) ? 'map[string]interface {}' : value === null ? '<nil>' : typeof value;
  return inapplicable(`expected a ${expected}, but received a ${got}`);
}
