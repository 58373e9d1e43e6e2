// A pod, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, flag, has, nameOf, namespaceOf, number, object, objects, text } from '../objects/access.ts';
import { describeContainers, describeResources } from './containers.ts';
import { since } from './events.ts';
import { tolerationLines, writeSpreadConstraints } from './pod-template.ts';
import { describeVolumes } from './volumes.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

export function describePod(pod: JsonObject, now: number, out: DescriptionWriter): void {
  const spec = object(pod, 'spec');
  const status = object(pod, 'status');
  out.line(0, 'Name', nameOf(pod));
  out.line(0, 'Namespace', namespaceOf(pod));
  if (has(spec, 'priority')) out.line(0, 'Priority', String(number(spec, 'priority')));
  optional('Priority Class Name', text(spec, 'priorityClassName'), out);
  optional('Runtime Class Name', text(spec, 'runtimeClassName'), out);
  optional('Service Account', text(spec, 'serviceAccountName'), out);
  const node = text(spec, 'nodeName');
  out.line(0, 'Node', node === '' ? '<none>' : `${node}/${text(status, 'hostIP')}`);
  if (has(status, 'startTime')) out.line(0, 'Start Time', localTime(text(status, 'startTime')));
  out.labels('Labels', at(pod, 'metadata', 'labels'));
  out.annotations('Annotations', at(pod, 'metadata', 'annotations'));
  describePhase(pod, now, out);
  optional('Reason', text(status, 'reason'), out);
  optional('Message', text(status, 'message'), out);
  const seccomp = object(spec, 'securityContext', 'seccompProfile');
  optional('SeccompProfile', text(seccomp, 'type'), out);
  if (text(seccomp, 'type') === 'Localhost') out.line(0, 'LocalhostProfile', text(seccomp, 'localhostProfile'));
  out.line(0, 'IP', text(status, 'podIP'));
  const addresses = objects(status, 'podIPs');
  if (addresses.length === 0) out.line(0, 'IPs', '<none>');
  else {
    out.write(0, 'IPs:\n');
    for (const address of addresses) out.line(1, 'IP', text(address, 'ip'));
  }
  optional('Controlled By', controllerText(pod), out);
  optional('NominatedNodeName', text(status, 'nominatedNodeName'), out);
  if (has(spec, 'resources')) {
    out.write(0, 'Resources:\n');
    describeResources(object(spec, 'resources'), 1, out);
  }
  const initial = objects(spec, 'initContainers');
  if (initial.length > 0)
    describeContainers(
      'Init Containers',
      initial,
      { pod, statuses: objects(status, 'initContainerStatuses'), space: '' },
      out,
    );
  describeContainers(
    'Containers',
    objects(spec, 'containers'),
    { pod, statuses: objects(status, 'containerStatuses'), space: '' },
    out,
  );
  const ephemeral = objects(spec, 'ephemeralContainers');
  if (ephemeral.length > 0)
    describeContainers(
      'Ephemeral Containers',
      ephemeral,
      { pod, statuses: objects(status, 'ephemeralContainerStatuses'), space: '' },
      out,
    );
  describeConditions(spec, status, out);
  describeVolumes(objects(spec, 'volumes'), '', out);
  out.line(0, 'QoS Class', text(status, 'qosClass') || 'BestEffort');
  out.labels('Node-Selectors', at(spec, 'nodeSelector'));
  out.list('Tolerations', tolerationLines(spec));
  writeSpreadConstraints(spec, '', out);
}

function describePhase(pod: JsonObject, now: number, out: DescriptionWriter): void {
  const phase = text(pod, 'status', 'phase');
  const deleted = text(pod, 'metadata', 'deletionTimestamp');
  if (deleted === '' || phase === 'Failed' || phase === 'Succeeded') return out.line(0, 'Status', phase);
  out.line(0, 'Status', `Terminating (lasts ${since(deleted, now)})`);
  out.line(0, 'Termination Grace Period', `${number(pod, 'metadata', 'deletionGracePeriodSeconds')}s`);
}

function describeConditions(spec: JsonObject, status: JsonObject, out: DescriptionWriter): void {
  const conditions = objects(status, 'conditions');
  const gates = objects(spec, 'readinessGates');
  if (gates.length > 0) {
    out.write(0, 'Readiness Gates:\n  Type\tStatus\n');
    for (const gate of gates) {
      const found = conditions.find((condition) => text(condition, 'type') === text(gate, 'conditionType'));
      out.write(1, `${text(gate, 'conditionType')} \t${found === undefined ? '<none>' : text(found, 'status')} \n`);
    }
  }
  if (conditions.length === 0) return;
  out.write(0, 'Conditions:\n  Type\tStatus\n');
  for (const condition of conditions) out.write(1, `${text(condition, 'type')} \t${text(condition, 'status')} \n`);
}

function optional(label: string, value: string, out: DescriptionWriter): void {
  if (value !== '') out.line(0, label, value);
}

/** `ReplicaSet/web-1`, or nothing for an object that nobody controls. */
export function controllerText(owned: JsonObject): string {
  const controller = objects(owned, 'metadata', 'ownerReferences').find((owner) => flag(owner, 'controller'));
  return controller === undefined ? '' : `${text(controller, 'kind')}/${text(controller, 'name')}`;
}
