import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { reconciled } from './reconciled.ts';
import { ruleOf, uncovered } from './rule-coverage.ts';

const rule = (verbs: string[], resources: string[], more: JsonObject = {}): JsonObject => ({
  verbs,
  apiGroups: [''],
  resources,
  ...more,
});
const role = (rules: JsonObject[], more: JsonObject = {}): JsonObject => ({
  kind: 'Role',
  metadata: { name: 'r', ...more },
  rules,
});
const user = (name: string): JsonObject => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });
const binding = (names: string[], to = 'r'): JsonObject => ({
  kind: 'RoleBinding',
  metadata: { name: 'b' },
  roleRef: { kind: 'Role', name: to },
  subjects: names.map(user),
});

describe('rules that others do not allow', () => {
  test.each([
    { name: 'the same', given: rule(['get'], ['pods']), wanted: rule(['get'], ['pods']), left: 0 },
    {
      name: 'each verb and resource',
      given: rule(['get'], ['pods']),
      wanted: rule(['get', 'list'], ['pods', 'nodes']),
      left: 3,
    },
    { name: 'stars', given: rule(['*'], ['*'], { apiGroups: ['*'] }), wanted: rule(['get'], ['pods/log']), left: 0 },
    { name: 'a subresource of all', given: rule(['get'], ['*/log']), wanted: rule(['get'], ['pods/log']), left: 0 },
    {
      name: 'one name of all',
      given: rule(['get'], ['pods']),
      wanted: rule(['get'], ['pods'], { resourceNames: ['a'] }),
      left: 0,
    },
    {
      name: 'all of one name',
      given: rule(['get'], ['pods'], { resourceNames: ['a'] }),
      wanted: rule(['get'], ['pods']),
      left: 1,
    },
    {
      name: 'a URL below another',
      given: { verbs: ['get'], nonResourceURLs: ['/api/*'] },
      wanted: { verbs: ['get'], nonResourceURLs: ['/api/v1'] },
      left: 0,
    },
    {
      name: 'a URL beside another',
      given: { verbs: ['get'], nonResourceURLs: ['/api'] },
      wanted: { verbs: ['get'], nonResourceURLs: ['/apis'] },
      left: 1,
    },
  ])('$name: $left', ({ given, wanted, left }) => {
    expect(uncovered([ruleOf(given)], [ruleOf(wanted)])).toHaveLength(left);
  });
});

describe('a role', () => {
  test('that is not there is created as it stands', () => {
    const wanted = role([rule(['get'], ['pods'])]);
    const result = reconciled(undefined, wanted, false);
    expect({ operation: result.operation, object: result.object }).toEqual({ operation: 'create', object: wanted });
    expect(result.missingRules).toHaveLength(1);
  });

  test('that allows it all is left alone', () => {
    const result = reconciled(role([rule(['get', 'list'], ['pods'])]), role([rule(['get'], ['pods'])]), false);
    expect(result).toMatchObject({ operation: 'none', missingRules: [] });
  });

  test('gets what is missing beside what it has', () => {
    const result = reconciled(role([rule(['get'], ['nodes'])]), role([rule(['get'], ['pods'])]), false);
    expect(result.operation).toBe('update');
    expect(result.object['rules']).toEqual([rule(['get'], ['nodes']), rule(['get'], ['pods'])]);
  });

  test('loses what is too much when asked', () => {
    const wanted = role([rule(['get'], ['pods'])]);
    const result = reconciled(role([rule(['get', 'list'], ['pods'])]), wanted, true);
    expect(result.operation).toBe('update');
    expect(result.object['rules']).toEqual(wanted['rules']);
    expect(result.extraRules.map(({ verbs }) => verbs)).toEqual([['list']]);
  });

  test('keeps its own labels and annotations, and gets those it lacks', () => {
    const labelled = (labels: JsonObject) => role([], { labels });
    const result = reconciled(labelled({ a: 'own', b: 'own' }), labelled({ a: 'new', c: 'new' }), false);
    expect(result.object['metadata']).toMatchObject({ labels: { a: 'own', b: 'own', c: 'new' } });
    expect(result.operation).toBe('update');
  });

  test('says that it is not to be touched', () => {
    const existing = role([], { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } });
    expect(reconciled(existing, role([rule(['get'], ['pods'])]), false)).toMatchObject({
      isProtected: true,
      operation: 'update',
    });
  });

  test('unites the selectors of aggregations, and loses one that is not asked for', () => {
    const aggregated = (...labels: string[]): JsonObject => ({
      ...role([]),
      kind: 'ClusterRole',
      aggregationRule: { clusterRoleSelectors: labels.map((label) => ({ matchLabels: { [label]: 'x' } })) },
    });
    expect(reconciled(aggregated('a'), aggregated('b'), false).object).toEqual(aggregated('a', 'b'));
    expect(reconciled(aggregated('a'), aggregated('b'), true).object).toEqual(aggregated('b'));
    expect(reconciled(aggregated('a'), { ...role([]), kind: 'ClusterRole' }, false).object).not.toHaveProperty(
      'aggregationRule',
    );
  });
});

describe('a binding', () => {
  test('gets subjects it lacks, each once, and loses others when asked', () => {
    const names = (result: { object: JsonObject }) => JSON.stringify(result.object['subjects']);
    const [own, asked] = [binding(['a', 'b']), binding(['b', 'c', 'c'])];
    expect(names(reconciled(own, asked, false))).toBe(JSON.stringify(['a', 'b', 'c'].map(user)));
    expect(names(reconciled(own, asked, true))).toBe(JSON.stringify(asked['subjects']));
  });

  test('to another role is made anew', () => {
    expect(reconciled(binding(['a']), binding(['a'], 'other'), false)).toMatchObject({ operation: 'recreate' });
  });
});
