// kube_deployment_*, kube_replicaset_* and so on: what kube-state-metrics tells of workloads and their budgets. Pure.
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Job } from '../../api/schema/generated/batch.v1.gen.ts';
import type { PodDisruptionBudget } from '../../api/schema/generated/policy.v1.gen.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { conditionSamples, gauge, ownersOf, seconds, value, type Labels, type StateFamily } from './family.ts';

function named(label: string): (object: KubeObject) => Labels {
  return ({ metadata: { namespace = '', name } }) => ({ namespace, [label]: name });
}

/** `[suffix of the name, help, how it is read]`. */
type Row<T> = readonly [string, string, (object: T) => number | undefined];

function table<T extends KubeObject>(prefix: string, label: string, rows: readonly Row<T>[]): StateFamily<T>[] {
  return rows.map(([suffix, help, read]) => value(`${prefix}_${suffix}`, help, named(label), read));
}

function common<T extends KubeObject>(): readonly Row<T>[] {
  return [
    ['created', 'Unix creation timestamp', ({ metadata }) => seconds(metadata.creationTimestamp)],
    [
      'metadata_generation',
      'Sequence number of a specific generation of the desired state.',
      ({ metadata }) => metadata.generation,
    ],
  ];
}

const GENERATION = 'The generation observed by the controller.';

export const deploymentFamilies: readonly StateFamily<Deployment>[] = [
  ...table<Deployment>('kube_deployment', 'deployment', [
    ...common<Deployment>(),
    ['spec_replicas', 'Number of desired pods for a deployment.', ({ spec }) => spec.replicas],
    ['spec_paused', 'Whether the deployment is paused.', ({ spec }) => Number(spec.paused === true)],
    ['status_replicas', 'The number of replicas per deployment.', ({ status }) => status.replicas ?? 0],
    [
      'status_replicas_ready',
      'The number of ready replicas per deployment.',
      ({ status }) => status.readyReplicas ?? 0,
    ],
    [
      'status_replicas_available',
      'The number of available replicas per deployment.',
      ({ status }) => status.availableReplicas ?? 0,
    ],
    [
      'status_replicas_unavailable',
      'The number of unavailable replicas per deployment.',
      ({ status }) => status.unavailableReplicas ?? 0,
    ],
    [
      'status_replicas_updated',
      'The number of updated replicas per deployment.',
      ({ status }) => status.updatedReplicas ?? 0,
    ],
    ['status_observed_generation', GENERATION, ({ status }) => status.observedGeneration ?? 0],
  ]),
  gauge('kube_deployment_status_condition', 'The current status conditions of a deployment.', (deployment) =>
    conditionSamples(named('deployment')(deployment), deployment.status.conditions),
  ),
];

export const replicaSetFamilies: readonly StateFamily<ReplicaSet>[] = [
  ...table<ReplicaSet>('kube_replicaset', 'replicaset', [
    ...common<ReplicaSet>(),
    ['spec_replicas', 'Number of desired pods for a ReplicaSet.', ({ spec }) => spec.replicas],
    ['status_replicas', 'The number of replicas per ReplicaSet.', ({ status }) => status.replicas],
    [
      'status_ready_replicas',
      'The number of ready replicas per ReplicaSet.',
      ({ status }) => status.readyReplicas ?? 0,
    ],
    [
      'status_fully_labeled_replicas',
      'The number of fully labeled replicas per ReplicaSet.',
      ({ status }) => status.fullyLabeledReplicas ?? 0,
    ],
    ['status_observed_generation', GENERATION, ({ status }) => status.observedGeneration ?? 0],
  ]),
  gauge('kube_replicaset_owner', "Information about the ReplicaSet's owner.", (set) =>
    ownersOf(set).map(({ kind, name, controller }) => ({
      labels: { ...named('replicaset')(set), owner_kind: kind, owner_name: name, owner_is_controller: controller },
      value: 1,
    })),
  ),
];

export const statefulSetFamilies: readonly StateFamily<StatefulSet>[] = table('kube_statefulset', 'statefulset', [
  ...common<StatefulSet>(),
  ['replicas', 'Number of desired pods for a StatefulSet.', ({ spec }) => spec.replicas],
  ['status_replicas', 'The number of replicas per StatefulSet.', ({ status }) => status.replicas],
  ['status_replicas_ready', 'The number of ready replicas per StatefulSet.', ({ status }) => status.readyReplicas ?? 0],
  [
    'status_replicas_available',
    'The number of available replicas per StatefulSet.',
    ({ status }) => status.availableReplicas ?? 0,
  ],
  [
    'status_replicas_updated',
    'The number of updated replicas per StatefulSet.',
    ({ status }) => status.updatedReplicas ?? 0,
  ],
  ['status_observed_generation', GENERATION, ({ status }) => status.observedGeneration ?? 0],
]);

export const daemonSetFamilies: readonly StateFamily<DaemonSet>[] = table('kube_daemonset', 'daemonset', [
  ...common<DaemonSet>(),
  [
    'status_desired_number_scheduled',
    'The number of nodes that should be running the daemon pod.',
    ({ status }) => status.desiredNumberScheduled,
  ],
  [
    'status_current_number_scheduled',
    'The number of nodes running at least one daemon pod and are supposed to.',
    ({ status }) => status.currentNumberScheduled,
  ],
  [
    'status_number_ready',
    'The number of nodes that should be running the daemon pod and have it ready.',
    ({ status }) => status.numberReady,
  ],
  [
    'status_number_available',
    'The number of nodes that should be running the daemon pod and have it available.',
    ({ status }) => status.numberAvailable ?? 0,
  ],
  [
    'status_number_misscheduled',
    'The number of nodes running a daemon pod but are not supposed to.',
    ({ status }) => status.numberMisscheduled,
  ],
  [
    'status_updated_number_scheduled',
    'The total number of nodes that are running updated daemon pod',
    ({ status }) => status.updatedNumberScheduled ?? 0,
  ],
]);

export const jobFamilies: readonly StateFamily<Job>[] = table('kube_job', 'job_name', [
  ['created', 'Unix creation timestamp', ({ metadata }) => seconds(metadata.creationTimestamp)],
  ['spec_completions', 'The desired number of successfully finished pods.', ({ spec }) => spec.completions],
  ['status_active', 'The number of actively running pods.', ({ status }) => status.active ?? 0],
  ['status_succeeded', 'The number of pods which reached Phase Succeeded.', ({ status }) => status.succeeded ?? 0],
  ['status_failed', 'The number of pods which reached Phase Failed.', ({ status }) => status.failed ?? 0],
]);

export const budgetFamilies: readonly StateFamily<PodDisruptionBudget>[] = table(
  'kube_poddisruptionbudget',
  'poddisruptionbudget',
  [
    ['status_current_healthy', 'Current number of healthy pods', ({ status }) => status?.currentHealthy],
    ['status_desired_healthy', 'Minimum desired number of healthy pods', ({ status }) => status?.desiredHealthy],
    [
      'status_pod_disruptions_allowed',
      'Number of pod disruptions that are currently allowed',
      ({ status }) => status?.disruptionsAllowed,
    ],
    [
      'status_expected_pods',
      'Total number of pods counted by this disruption budget',
      ({ status }) => status?.expectedPods,
    ],
  ],
);
