import { expect, test } from 'vitest';
import type { LimitRangeItem, ResourceQuotaSpec } from '../../schema/generated/core.v1.gen.ts';
import { limitRangeKind } from './limit-range.ts';
import { resourceQuotaKind } from './resource-quota.ts';

const METADATA = {
  name: 'x',
  namespace: 'ns',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2024-01-01T00:00:00Z',
};
const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

function range(item: LimitRangeItem) {
  const made = { apiVersion: 'v1', kind: 'LimitRange', metadata: METADATA, spec: { limits: [item] } };
  limitRangeKind.setDefaults(made);
  return made;
}

test('container limits default from the maximum, requests from limits and the minimum', () => {
  const made = range({
    type: 'Container',
    max: { cpu: '2', memory: '2Gi' },
    min: { cpu: '100m' },
    default: { memory: '1Gi' },
  });
  expect(made.spec.limits[0]).toMatchObject({
    default: { cpu: '2', memory: '1Gi' },
    defaultRequest: { cpu: '2', memory: '1Gi' },
  });
});

test.each<{ item: LimitRangeItem; want: string }>([
  {
    item: { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } },
    want: 'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  },
  {
    item: { type: 'Container', maxLimitRequestRatio: { cpu: '500m' } },
    want: 'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  },
  {
    item: { type: 'PersistentVolumeClaim', max: { cpu: '1' } },
    want: 'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  },
  {
    item: { type: 'Pod', default: { cpu: '1' } },
    want: "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
  },
  {
    item: { type: 'Container', min: { cpu: '2' }, default: { cpu: '1' } },
    want: 'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
  },
  {
    item: { type: 'Job' },
    want: 'spec.limits[0].type: Invalid value: "Job": must be a standard limit type or fully qualified',
  },
])('$want', ({ item, want }) => {
  expect(lines(limitRangeKind.validate(range(item)))).toContain(want);
});

function quota(spec: ResourceQuotaSpec) {
  const made = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: METADATA, spec, status: {} };
  resourceQuotaKind.setDefaults(made);
  return made;
}

test.each<{ spec: ResourceQuotaSpec; want: string }>([
  { spec: { hard: { foo: '1' } }, want: 'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota' },
  { spec: { hard: { pods: '-1' } }, want: 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0' },
  { spec: { hard: { pods: '500m' } }, want: 'spec.hard[pods]: Invalid value: "500m": must be an integer' },
  { spec: { hard: { pods: '1' }, scopes: ['Mine'] }, want: 'spec.scopes: Invalid value: ["Mine"]: unsupported scope' },
  {
    spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] },
    want: 'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  },
  {
    spec: {
      hard: { pods: '1' },
      scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator: 'In', values: ['a'] }] },
    },
    want: `spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
  },
])('$want', ({ spec, want }) => {
  expect(lines(resourceQuotaKind.validate(quota(spec)))).toContain(want);
});

test('a table shows what is used of what, requests and limits apart', () => {
  const made = { ...quota({}), status: { hard: { cpu: '1', 'limits.cpu': '2', pods: '3' }, used: { cpu: '500m' } } };
  const cells = ['Request', 'Limit'].map((name) =>
    resourceQuotaKind.columns.find((column) => column.name === name)?.cell(made, 0),
  );
  expect(cells).toEqual(['cpu: 500m/1, pods: 0/3', 'limits.cpu: 0/2']);
});
