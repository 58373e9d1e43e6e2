import { expect, test } from 'vitest';
import type { Deployment, DeploymentSpec } from '../../schema/generated/apps.v1.gen.ts';
import { deploymentKind } from './deployment.ts';

const CONTEXT = { now: 0, user: { name: 'someone', groups: [] } };

function deployment(spec: Partial<DeploymentSpec> = {}): Deployment {
  const made: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'd',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2024-01-01T00:00:00Z',
      generation: 1,
    },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } } as never, spec: { containers: [{ name: 'c', image: 'i' }] } },
      ...spec,
    },
    status: {},
  };
  deploymentKind.setDefaults(made);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

test('a minimal deployment rolls by a quarter', () => {
  const { strategy, replicas, revisionHistoryLimit, progressDeadlineSeconds } = deployment().spec;
  expect({ strategy, replicas, revisionHistoryLimit, progressDeadlineSeconds }).toEqual({
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  expect(deploymentKind.validate(deployment())).toEqual([]);
});

test('limits of a template are not taken as requests', () => {
  const made = deployment({
    template: {
      metadata: { labels: { a: 'b' } } as never,
      spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1000m' } } }] },
    },
  });
  expect(made.spec.template.spec?.containers[0]?.resources).toEqual({ limits: { cpu: '1' } });
});

test.each<{ spec: Partial<DeploymentSpec>; want: string }>([
  {
    spec: { selector: { matchLabels: { a: 'c' } } },
    want: 'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
  },
  { spec: { selector: {} }, want: 'spec.selector: Invalid value: {}: empty selector is invalid for deployment' },
  {
    spec: { strategy: { type: 'Blue', rollingUpdate: { maxSurge: 1 } } },
    want:
      'spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":1}}: ' +
      'supported values: "Recreate", "RollingUpdate"',
  },
  {
    spec: { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    want: "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  },
  {
    spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
    want: 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  },
  {
    spec: { strategy: { rollingUpdate: { maxUnavailable: '101%' } } },
    want: 'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  },
  { spec: { replicas: -1 }, want: 'spec.replicas: Invalid value: -1: must be greater than or equal to 0' },
  {
    spec: { minReadySeconds: 600 },
    want: 'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
  },
])('$want', ({ spec, want }) => {
  expect(lines(deploymentKind.validate(deployment(spec)))).toContain(want);
});

test.each<{ name: string; change: (next: Deployment) => void; want: number }>([
  { name: 'a change of the spec is a new generation', change: (next) => (next.spec.replicas = 2), want: 2 },
  {
    name: 'a change of annotations is a new generation',
    change: (next) => (next.metadata.annotations = { a: 'b' }),
    want: 2,
  },
  { name: 'a change of labels is none', change: (next) => (next.metadata.labels = { a: 'b' }), want: 1 },
  {
    name: 'a change of the status is none, and is not made',
    change: (next) => (next.status = { replicas: 9 }),
    want: 1,
  },
])('$name', ({ change, want }) => {
  const old = deployment();
  const next = structuredClone(old);
  change(next);
  deploymentKind.prepareForUpdate(next, old, CONTEXT);
  expect(next.metadata.generation).toBe(want);
  expect(next.status).toEqual(old.status);
});

test('the selector does not change', () => {
  const next = deployment({ selector: { matchLabels: { a: 'b', c: 'd' } } });
  expect(lines(deploymentKind.validateUpdate(next, deployment()))).toContain(
    'spec.selector: Invalid value: {"matchLabels":{"a":"b","c":"d"}}: field is immutable',
  );
});

test('its scale is read and written', () => {
  const made = { ...deployment({ replicas: 3 }), status: { replicas: 2 } };
  expect(deploymentKind.scale?.read(made)).toEqual({ replicas: 3, statusReplicas: 2, selector: 'a=b' });
  deploymentKind.scale?.write(made, 5);
  expect(made.spec.replicas).toBe(5);
});

test('a selector that cannot be read says so twice, and nothing of the template', () => {
  const selector = { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] };
  const spec = { selector, template: { spec: { containers: [], restartPolicy: 'Never' } } };
  expect(lines(deploymentKind.validate(deployment(spec)))).toEqual([
    'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
    `spec.selector: Invalid value: ${JSON.stringify(selector)}: invalid label selector`,
  ]);
});

test('pods of a deployment have no deadline, as those of its ReplicaSets', () => {
  const spec = { containers: [{ name: 'c', image: 'i' }], activeDeadlineSeconds: 5 };
  const made = deployment({ template: { metadata: { labels: { a: 'b' } } as never, spec } });
  expect(lines(deploymentKind.validate(made))).toEqual([
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
  ]);
});
