// Deployments, replica sets, replication controllers, daemon sets and stateful sets, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, namespaceOf, number, object, objects, text, texts } from '../objects/access.ts';
import { REVISION } from '../rollout/history.ts';
import { controllerText } from './pod.ts';
import { labelsText, selectorSummary } from './label-text.ts';
import { writeTemplate } from './pod-template.ts';
import { storageClassOf } from './storage.ts';
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
  const selector = selectorSummary(object(set, 'spec', 'selector'));
  writeReplicated(set, { selector, controller: controllerText(set) }, pods, out);
}

export function describeReplicationController(controller: JsonObject, pods: PodCounts, out: DescriptionWriter): void {
  writeReplicated(controller, { selector: labelsText(at(controller, 'spec', 'selector')), controller: '' }, pods, out);
}

/** What is alike in both. `controller`: who owns it; empty: that is not shown. */
function writeReplicated(
  set: JsonObject,
  { selector, controller }: { readonly selector: string; readonly controller: string },
  pods: PodCounts,
  out: DescriptionWriter,
): void {
  const spec = object(set, 'spec');
  out.line(0, 'Name', nameOf(set));
  out.line(0, 'Namespace', namespaceOf(set));
  out.line(0, 'Selector', selector);
  out.labels('Labels', at(set, 'metadata', 'labels'));
  out.annotations('Annotations', at(set, 'metadata', 'annotations'));
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
  out.line(0, 'Node-Selector', labelsText(at(spec, 'template', 'spec', 'nodeSelector')));
  out.labels('Labels', at(set, 'metadata', 'labels'));
  out.annotations('Annotations', at(set, 'metadata', 'annotations'));
  out.write(0, `Desired Number of Nodes Scheduled: ${count('desiredNumberScheduled')}\n`);
  out.write(0, `Current Number of Nodes Scheduled: ${count('currentNumberScheduled')}\n`);
  out.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${count('updatedNumberScheduled')}\n`);
  out.write(0, `Number of Nodes Scheduled with Available Pods: ${count('numberAvailable')}\n`);
  out.write(0, `Number of Nodes Misscheduled: ${count('numberMisscheduled')}\n`);
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
  const rolling = object(spec, 'updateStrategy', 'rollingUpdate');
  if (has(rolling, 'partition')) {
    out.line(1, 'Partition', String(number(rolling, 'partition')));
    if (has(rolling, 'maxUnavailable')) out.line(1, 'MaxUnavailable', text(rolling, 'maxUnavailable'));
  }
  writePodCounts(pods, out);
  writeTemplate(object(spec, 'template'), out);
  const claims = objects(spec, 'volumeClaimTemplates');
  if (claims.length === 0) return out.line(0, 'Volume Claims', '<none>');
  out.write(0, 'Volume Claims:\n');
  for (const claim of claims) {
    out.line(1, 'Name', nameOf(claim));
    out.line(1, 'StorageClass', storageClassOf(claim));
    out.labels('  Labels', at(claim, 'metadata', 'labels'));
    out.labels('  Annotations', at(claim, 'metadata', 'annotations'));
    out.line(1, 'Capacity', text(claim, 'spec', 'resources', 'requests', 'storage') || '<default>');
    out.line(1, 'Access Modes', `[${texts(claim, 'spec', 'accessModes').join(' ')}]`);
  }
}
