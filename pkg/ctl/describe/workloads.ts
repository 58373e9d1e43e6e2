// Deployments, replica sets, daemon sets, stateful sets and jobs, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, namespaceOf, number, object, objects, text } from '../objects/access.ts';
import { REVISION } from '../rollout/history.ts';
import { controllerText } from './pod.ts';
import { selectorSummary, writeTemplate } from './pod-template.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

export function describeDeployment(
  deployment: JsonObject,
  replicaSets: readonly JsonObject[],
  out: DescriptionWriter,
): void {
  const spec = object(deployment, 'spec');
  const status = object(deployment, 'status');
  out.line(0, 'Name', nameOf(deployment));
  out.line(0, 'Namespace', namespaceOf(deployment));
  out.line(0, 'CreationTimestamp', localTime(text(deployment, 'metadata', 'creationTimestamp')));
  out.labels('Labels', at(deployment, 'metadata', 'labels'));
  out.annotations('Annotations', at(deployment, 'metadata', 'annotations'));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  const count = (field: string) => number(status, field);
  out.line(
    0,
    'Replicas',
    `${number(spec, 'replicas')} desired | ${count('updatedReplicas')} updated | ${count('replicas')} total | ${count('availableReplicas')} available | ${count('unavailableReplicas')} unavailable`,
  );
  out.line(0, 'StrategyType', text(spec, 'strategy', 'type'));
  out.line(0, 'MinReadySeconds', String(number(spec, 'minReadySeconds')));
  if (has(spec, 'strategy', 'rollingUpdate')) {
    const rolling = object(spec, 'strategy', 'rollingUpdate');
    out.line(
      0,
      'RollingUpdateStrategy',
      `${text(rolling, 'maxUnavailable')} max unavailable, ${text(rolling, 'maxSurge')} max surge`,
    );
  }
  writeTemplate(object(spec, 'template'), out);
  writeConditions(status, out);
  const revision = text(deployment, 'metadata', 'annotations', REVISION);
  const current = replicaSets.find(
    (set) => revision !== '' && text(set, 'metadata', 'annotations', REVISION) === revision,
  );
  const old = replicaSets.filter(
    (set) => set !== current && (number(set, 'spec', 'replicas') > 0 || number(set, 'status', 'replicas') >= 0),
  );
  if (replicaSets.length === 0) return;
  out.line(0, 'OldReplicaSets', old.map(replicaSetText).join(', ') || '<none>');
  out.line(0, 'NewReplicaSet', current === undefined ? '<none>' : replicaSetText(current));
}

function replicaSetText(set: JsonObject): string {
  return `${nameOf(set)} (${number(set, 'status', 'replicas')}/${number(set, 'spec', 'replicas')} replicas created)`;
}

export function writeConditions(status: JsonObject, out: DescriptionWriter): void {
  const conditions = objects(status, 'conditions');
  if (conditions.length === 0) return;
  out.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
  out.write(1, '----\t------\t------\n');
  for (const condition of conditions)
    out.write(1, `${text(condition, 'type')} \t${text(condition, 'status')}\t${text(condition, 'reason')}\n`);
}

export interface PodCounts {
  readonly running: number;
  readonly waiting: number;
  readonly succeeded: number;
  readonly failed: number;
}

export function countPods(pods: readonly JsonObject[]): PodCounts {
  const count = (phase: string) => pods.filter((pod) => text(pod, 'status', 'phase') === phase).length;
  return {
    running: count('Running'),
    waiting: count('Pending'),
    succeeded: count('Succeeded'),
    failed: count('Failed'),
  };
}

export function describeReplicaSet(set: JsonObject, pods: PodCounts, out: DescriptionWriter): void {
  const spec = object(set, 'spec');
  out.line(0, 'Name', nameOf(set));
  out.line(0, 'Namespace', namespaceOf(set));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  out.labels('Labels', at(set, 'metadata', 'labels'));
  out.annotations('Annotations', at(set, 'metadata', 'annotations'));
  const controller = controllerText(set);
  if (controller !== '') out.line(0, 'Controlled By', controller);
  out.line(0, 'Replicas', `${number(set, 'status', 'replicas')} current / ${number(spec, 'replicas')} desired`);
  writePodCounts(pods, out);
  writeTemplate(object(spec, 'template'), out);
  writeConditions(object(set, 'status'), out);
}

function writePodCounts(pods: PodCounts, out: DescriptionWriter): void {
  out.line(
    0,
    'Pods Status',
    `${pods.running} Running / ${pods.waiting} Waiting / ${pods.succeeded} Succeeded / ${pods.failed} Failed`,
  );
}

export function describeDaemonSet(set: JsonObject, pods: PodCounts, out: DescriptionWriter): void {
  const spec = object(set, 'spec');
  const count = (field: string) => number(set, 'status', field);
  out.line(0, 'Name', nameOf(set));
  out.line(0, 'Namespace', namespaceOf(set));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  const nodeSelector = Object.entries(object(spec, 'template', 'spec', 'nodeSelector'));
  out.line(0, 'Node-Selector', nodeSelector.map(([key, value]) => `${key}=${text(value)}`).join(',') || '<none>');
  out.labels('Labels', at(set, 'metadata', 'labels'));
  out.annotations('Annotations', at(set, 'metadata', 'annotations'));
  out.line(0, 'Desired Number of Nodes Scheduled', String(count('desiredNumberScheduled')));
  out.line(0, 'Current Number of Nodes Scheduled', String(count('currentNumberScheduled')));
  out.line(0, 'Number of Nodes Scheduled with Up-to-date Pods', String(count('updatedNumberScheduled')));
  out.line(0, 'Number of Nodes Scheduled with Available Pods', String(count('numberAvailable')));
  out.line(0, 'Number of Nodes Misscheduled', String(count('numberMisscheduled')));
  writePodCounts(pods, out);
  writeTemplate(object(spec, 'template'), out);
}

export function describeStatefulSet(set: JsonObject, pods: PodCounts, out: DescriptionWriter): void {
  const spec = object(set, 'spec');
  out.line(0, 'Name', nameOf(set));
  out.line(0, 'Namespace', namespaceOf(set));
  out.line(0, 'CreationTimestamp', localTime(text(set, 'metadata', 'creationTimestamp')));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  out.labels('Labels', at(set, 'metadata', 'labels'));
  out.annotations('Annotations', at(set, 'metadata', 'annotations'));
  out.line(0, 'Replicas', `${number(spec, 'replicas')} desired | ${number(set, 'status', 'replicas')} total`);
  out.line(0, 'Update Strategy', text(spec, 'updateStrategy', 'type'));
  if (has(spec, 'updateStrategy', 'rollingUpdate', 'partition'))
    out.line(1, 'Partition', String(number(spec, 'updateStrategy', 'rollingUpdate', 'partition')));
  writePodCounts(pods, out);
  writeTemplate(object(spec, 'template'), out);
  const claims = objects(spec, 'volumeClaimTemplates');
  if (claims.length === 0) return out.line(0, 'Volume Claims', '<none>');
  out.write(0, 'Volume Claims:\n');
  for (const claim of claims) {
    out.line(1, 'Name', nameOf(claim));
    out.line(1, 'StorageClass', text(claim, 'spec', 'storageClassName'));
    out.labels('  Labels', at(claim, 'metadata', 'labels'));
    out.labels('  Annotations', at(claim, 'metadata', 'annotations'));
    out.line(1, 'Capacity', text(claim, 'spec', 'resources', 'requests', 'storage') || '<default>');
    const modes = Array.isArray(at(claim, 'spec', 'accessModes')) ? at(claim, 'spec', 'accessModes') : [];
    out.line(1, 'Access Modes', `[${(Array.isArray(modes) ? modes : []).map((mode) => text(mode)).join(' ')}]`);
  }
}

export function describeJob(job: JsonObject, out: DescriptionWriter): void {
  const spec = object(job, 'spec');
  const status = object(job, 'status');
  out.line(0, 'Name', nameOf(job));
  out.line(0, 'Namespace', namespaceOf(job));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  out.labels('Labels', at(job, 'metadata', 'labels'));
  out.annotations('Annotations', at(job, 'metadata', 'annotations'));
  const controller = controllerText(job);
  if (controller !== '') out.line(0, 'Controlled By', controller);
  out.line(0, 'Parallelism', has(spec, 'parallelism') ? String(number(spec, 'parallelism')) : '<unset>');
  out.line(0, 'Completions', has(spec, 'completions') ? String(number(spec, 'completions')) : '<unset>');
  if (has(spec, 'completionMode')) out.line(0, 'Completion Mode', text(spec, 'completionMode'));
  if (has(spec, 'suspend')) out.line(0, 'Suspend', text(spec, 'suspend'));
  if (has(spec, 'backoffLimit')) out.line(0, 'Backoff Limit', text(spec, 'backoffLimit'));
  if (has(status, 'startTime')) out.line(0, 'Start Time', localTime(text(status, 'startTime')));
  if (has(status, 'completionTime')) out.line(0, 'Completed At', localTime(text(status, 'completionTime')));
  const ready = has(status, 'ready') ? ` (${number(status, 'ready')} Ready)` : '';
  out.line(
    0,
    'Pods Statuses',
    `${number(status, 'active')} Active${ready} / ${number(status, 'succeeded')} Succeeded / ${number(status, 'failed')} Failed`,
  );
  writeTemplate(object(spec, 'template'), out);
}
