// What `auth reconcile` makes of a role or binding that is there and one that is asked for: permissions and subjects are
// added, and what is too much is taken away only when asked. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, list, object, text } from '../objects/access.ts';
import { ruleOf, uncovered, type Rule } from './rule-coverage.ts';

export type Operation = 'none' | 'create' | 'update' | 'recreate';

export interface Subject {
  readonly kind: string;
  readonly apiGroup: string;
  readonly name: string;
  readonly namespace: string;
}

export interface Reconciled {
  /** The object as it should be. */
  readonly object: JsonObject;
  readonly operation: Operation;
  /** The object says that nobody is to change it by itself. */
  readonly isProtected: boolean;
  readonly missingRules: readonly Rule[];
  readonly extraRules: readonly Rule[];
  readonly missingSubjects: readonly Subject[];
  readonly extraSubjects: readonly Subject[];
}

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const NOTHING = {
  isProtected: false,
  missingRules: [],
  extraRules: [],
  missingSubjects: [],
  extraSubjects: [],
} as const;

export const isBinding = (value: JsonObject) => text(value, 'kind').endsWith('Binding');

export function reconciled(existing: JsonObject | undefined, wanted: JsonObject, removeExtra: boolean): Reconciled {
  if (existing === undefined)
    return {
      ...NOTHING,
      object: wanted,
      operation: 'create',
      missingRules: list(wanted, 'rules').map(ruleOf),
      missingSubjects: subjectsOf(wanted),
    };
  const isProtected = text(existing, 'metadata', 'annotations', AUTO_UPDATE) === 'false';
  const found = isBinding(wanted)
    ? reconciledBinding(existing, wanted, removeExtra)
    : reconciledRole(existing, wanted, removeExtra);
  return { ...found, isProtected };
}

function reconciledRole(existing: JsonObject, wanted: JsonObject, removeExtra: boolean): Reconciled {
  const result = withMetadata(existing, wanted);
  const [ownRules, wantedRules] = [list(existing, 'rules'), list(wanted, 'rules')];
  const [own, asked] = [ownRules.map(ruleOf), wantedRules.map(ruleOf)];
  const before = at(existing, 'aggregationRule');
  const after = at(wanted, 'aggregationRule');
  // The rules of an aggregated role are its controller's.
  const extraRules = before === undefined || after === undefined ? uncovered(asked, own) : [];
  const missingRules = uncovered(own, asked);
  if (!removeExtra && missingRules.length > 0) result['rules'] = [...ownRules, ...missingRules.map(ruleObject)];
  if (removeExtra && missingRules.length + extraRules.length > 0) result['rules'] = wantedRules;
  reconcileAggregation(result, before, after, removeExtra);
  return { ...NOTHING, object: result, operation: operationOf(existing, result), missingRules, extraRules };
}

function reconcileAggregation(
  result: JsonObject,
  before: Json | undefined,
  after: Json | undefined,
  removeExtra: boolean,
): void {
  if (after === undefined) {
    delete result['aggregationRule'];
    return;
  }
  const own = list(before, 'clusterRoleSelectors');
  const asked = list(after, 'clusterRoleSelectors');
  const without = (selectors: readonly Json[], others: readonly Json[]) =>
    selectors.filter((one) => !others.some((other) => isDeepStrictEqual(one, other)));
  const missing = without(asked, own);
  if (!removeExtra && missing.length > 0) result['aggregationRule'] = { clusterRoleSelectors: [...own, ...missing] };
  if (removeExtra && missing.length + without(own, asked).length > 0) result['aggregationRule'] = after;
}

function reconciledBinding(existing: JsonObject, wanted: JsonObject, removeExtra: boolean): Reconciled {
  // What a binding refers to cannot be changed.
  const refers = (binding: JsonObject) =>
    ['apiGroup', 'kind', 'name'].map((field) => text(binding, 'roleRef', field)).join('|');
  if (refers(existing) !== refers(wanted)) return { ...NOTHING, object: wanted, operation: 'recreate' };
  const result = withMetadata(existing, wanted);
  const [own, asked] = [subjectsOf(existing), subjectsOf(wanted)];
  const missingSubjects = subjectsWithout(asked, own);
  const extraSubjects = subjectsWithout(own, asked);
  if (!removeExtra && missingSubjects.length > 0)
    result['subjects'] = [...list(existing, 'subjects'), ...missingSubjects.map(subjectObject)];
  if (removeExtra && missingSubjects.length + extraSubjects.length > 0) result['subjects'] = list(wanted, 'subjects');
  return { ...NOTHING, object: result, operation: operationOf(existing, result), missingSubjects, extraSubjects };
}

/** A copy of what is there with the labels and annotations that are asked for; its own values win. */
function withMetadata(existing: JsonObject, wanted: JsonObject): JsonObject {
  const metadata: JsonObject = { ...object(existing, 'metadata') };
  for (const field of ['annotations', 'labels']) {
    const united = { ...object(wanted, 'metadata', field), ...object(existing, 'metadata', field) };
    if (Object.keys(united).length > 0) metadata[field] = united;
  }
  return { ...existing, metadata };
}

const operationOf = (existing: JsonObject, result: JsonObject): Operation =>
  isDeepStrictEqual(existing, result) ? 'none' : 'update';

const RULE_FIELDS = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const;

function ruleObject(rule: Rule): JsonObject {
  const given = RULE_FIELDS.filter((field) => field === 'verbs' || rule[field].length > 0);
  return Object.fromEntries(given.map((field) => [field, [...rule[field]]]));
}

function subjectsOf(binding: JsonObject): Subject[] {
  return list(binding, 'subjects').map((subject) => ({
    kind: text(subject, 'kind'),
    apiGroup: text(subject, 'apiGroup'),
    name: text(subject, 'name'),
    namespace: text(subject, 'namespace'),
  }));
}

const SUBJECT_FIELDS = ['kind', 'apiGroup', 'name', 'namespace'] as const;

function subjectObject(subject: Subject): JsonObject {
  return Object.fromEntries(
    SUBJECT_FIELDS.filter((field) => subject[field] !== '').map((field) => [field, subject[field]]),
  );
}

/** Each once. */
function subjectsWithout(subjects: readonly Subject[], others: readonly Subject[]): Subject[] {
  return subjects.filter(
    (subject, index) =>
      !others.some((other) => isDeepStrictEqual(subject, other)) &&
      subjects.findIndex((other) => isDeepStrictEqual(subject, other)) === index,
  );
}
