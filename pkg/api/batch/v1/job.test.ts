import { expect, test } from 'vitest';
import type { Job, JobSpec } from '../../schema/generated/batch.v1.gen.ts';
import { jobKind } from './job.ts';

const CONTEXT = { now: 0, user: { name: 'someone', groups: [] } };

function job(spec: Partial<JobSpec> = {}, restartPolicy = 'Never'): Job {
  const made: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'j',
      namespace: 'ns',
      uid: 'u-1',
      resourceVersion: '1',
      creationTimestamp: '2024-01-01T00:00:00Z',
    },
    spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy } }, ...spec },
    status: {},
  };
  jobKind.setDefaults(made);
  jobKind.prepareForCreate(made, CONTEXT);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

test('a job runs once unless told otherwise; a work queue has no completions', () => {
  expect(job().spec).toMatchObject({
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
  });
  expect(job({ parallelism: 3 }).spec.completions).toBeUndefined();
});

test('a job selects its pods by its own uid', () => {
  const made = job();
  expect(made.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } });
  expect(made.spec.template.metadata?.labels).toEqual({
    'batch.kubernetes.io/controller-uid': 'u-1',
    'batch.kubernetes.io/job-name': 'j',
    'controller-uid': 'u-1',
    'job-name': 'j',
  });
  expect(jobKind.validate(made)).toEqual([]);
});

test.each<{ made: Job; want: string }>([
  {
    made: job({}, 'Always'),
    want: 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  },
  { made: job({ backoffLimit: -1 }), want: 'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0' },
  {
    made: job({ completionMode: 'Random' }),
    want: 'spec.completionMode: Unsupported value: "Random": supported values: "Indexed", "NonIndexed"',
  },
  {
    made: job({ completionMode: 'Indexed', parallelism: 1 }),
    want: 'spec.completions: Required value: when completion mode is Indexed',
  },
])('$want', ({ made, want }) => {
  expect(lines(jobKind.validate(made))).toContain(want);
});

test('parallelism changes, completions and template do not', () => {
  const old = job({ completions: 2 });
  const next = structuredClone(old);
  next.spec.parallelism = 3;
  expect(jobKind.validateUpdate(next, old)).toEqual([]);
  next.spec.completions = 3;
  for (const container of next.spec.template.spec?.containers ?? []) container.image = 'j';
  expect(jobKind.validateUpdate(next, old).map(({ field }) => field)).toEqual(['spec.completions', 'spec.template']);
});

test.each<{ status: Job['status']; want: string[] }>([
  { status: {}, want: ['Running', '0/2', ''] },
  { status: { succeeded: 1, startTime: '2024-01-02T00:00:00Z' }, want: ['Running', '1/2', '2m30s'] },
  {
    status: {
      succeeded: 2,
      startTime: '2024-01-02T00:00:00Z',
      completionTime: '2024-01-02T00:00:05Z',
      conditions: [{ type: 'Complete', status: 'True' }],
    },
    want: ['Complete', '2/2', '5s'],
  },
])('a table shows $want', ({ status, want }) => {
  const made = { ...job({ completions: 2 }), status };
  const now = Date.parse('2024-01-02T00:02:30Z');
  const cells = ['Status', 'Completions', 'Duration'].map((name) =>
    jobKind.columns.find((column) => column.name === name)?.cell(made, now),
  );
  expect(cells).toEqual(want);
});
