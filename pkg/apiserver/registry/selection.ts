// Which objects of a kind a request means: label selector, field selector, namespace and, when the fields name one object
// exactly, its name.
import { matchesFields, parseFieldSelector, type FieldRequirement } from '../../api/meta/field-selector.ts';
import { parseLabelSelector } from '../../api/meta/label-selector.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { badRequest } from '../http-errors.ts';
import type { CachedObject } from '../watchcache/cached-object.ts';
import type { ServedKind } from './served-kind.ts';

export interface Selection {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** Nothing but the namespace is asked for. */
  readonly everything: boolean;
  /** The one name that can match. */
  readonly name: string | undefined;
  matches(object: CachedObject): boolean;
}

/** Throws 400 for selectors that do not parse and for fields that the kind cannot be selected by. */
export function selectionOf(
  served: ServedKind,
  namespace: string,
  selectors: { labelSelector: string; fieldSelector: string },
): Selection {
  const inNamespace = served.namespaced && namespace !== '' ? namespace : undefined;
  const labels = labelsMatcher(selectors.labelSelector);
  const fields = fieldRequirements(served, selectors.fieldSelector);
  if (labels === undefined && fields.length === 0) {
    return { namespace: inNamespace, everything: true, name: undefined, matches: () => true };
  }
  const name = fields.find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value;
  const plain = fields.every(({ field }) => field === 'metadata.name' || field === 'metadata.namespace');
  const matches = (object: CachedObject): boolean => {
    const value = served.view(object).value;
    if (labels !== undefined && !labels(value.metadata.labels ?? {})) return false;
    return fields.length === 0 || matchesFields(fields, fieldsOf(served, value, plain));
  };
  return { namespace: inNamespace, everything: false, name, matches };
}

function labelsMatcher(text: string): ((labels: Readonly<Record<string, string>>) => boolean) | undefined {
  if (text.trim() === '') return undefined;
  const selector = parseLabelSelector(text);
  return selector.requirements.length === 0 ? undefined : (labels) => selector.matches(labels);
}

function fieldRequirements(served: ServedKind, text: string): readonly FieldRequirement[] {
  if (text === '') return [];
  const requirements = parseFieldSelector(text);
  for (const { field } of requirements) {
    if (!served.fieldLabels.has(field)) throw badRequest(unknownLabel(served, field));
  }
  return requirements;
}

/** The sentence depends on who converts the labels of the kind's group (pkg/apis/<group>/<version>/conversion.go). */
function unknownLabel(served: ServedKind, field: string): string {
  const { group, kind } = served.definition.type;
  const special = served.fieldLabels.size > 2;
  if (special && group === '') return `field label not supported: ${field}`;
  if (special && group === 'batch') return `field label ${JSON.stringify(field)} not supported for ${kind}`;
  if (special) return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function fieldsOf(served: ServedKind, value: KubeObject, plain: boolean): Readonly<Record<string, string>> {
  const own = { 'metadata.name': value.metadata.name, 'metadata.namespace': value.metadata.namespace ?? '' };
  return plain ? own : { ...served.definition.selectableFields(value), ...own };
}
