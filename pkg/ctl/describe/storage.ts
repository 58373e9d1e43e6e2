// Persistent volumes, claims, and the classes and nodes of storage, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, flag, has, nameOf, namespaceOf, object, objects, text, texts } from '../objects/access.ts';
import { since } from './events.ts';
import { labelsText } from './label-text.ts';
import { accessModesText, writeVolumeSource } from './volume-sources.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';
const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** Of a volume or claim; the annotation of old wins over the field. */
export function storageClassOf(volume: JsonObject): string {
  return has(volume, 'metadata', 'annotations', OLD_CLASS)
    ? text(volume, 'metadata', 'annotations', OLD_CLASS)
    : text(volume, 'spec', 'storageClassName');
}

function statusText(described: JsonObject, now: number): string {
  const deleted = text(described, 'metadata', 'deletionTimestamp');
  return deleted === '' ? text(described, 'status', 'phase') : `Terminating (lasts ${since(deleted, now)})`;
}

function finalizersText(described: JsonObject): string {
  return `[${texts(described, 'metadata', 'finalizers').join(' ')}]`;
}

export function describePersistentVolume(volume: JsonObject, now: number, out: DescriptionWriter): void {
  const spec = object(volume, 'spec');
  out.line(0, 'Name', nameOf(volume));
  out.labels('Labels', at(volume, 'metadata', 'labels'));
  out.annotations('Annotations', at(volume, 'metadata', 'annotations'));
  out.line(0, 'Finalizers', finalizersText(volume));
  out.line(0, 'StorageClass', storageClassOf(volume));
  out.line(0, 'Status', statusText(volume, now));
  const claim = object(spec, 'claimRef');
  out.line(0, 'Claim', has(spec, 'claimRef') ? `${text(claim, 'namespace')}/${text(claim, 'name')}` : '');
  out.line(0, 'Reclaim Policy', text(spec, 'persistentVolumeReclaimPolicy'));
  out.line(0, 'Access Modes', accessModesText(at(spec, 'accessModes')));
  if (has(spec, 'volumeMode')) out.line(0, 'VolumeMode', text(spec, 'volumeMode'));
  out.line(0, 'Capacity', text(spec, 'capacity', 'storage') || '0');
  writeNodeAffinity(spec, out);
  out.line(0, 'Message', text(volume, 'status', 'message'));
  out.write(0, 'Source:\n');
  writeVolumeSource(spec, true, out);
}

function writeNodeAffinity(spec: JsonObject, out: DescriptionWriter): void {
  if (!has(spec, 'nodeAffinity', 'required')) return out.line(0, 'Node Affinity', '<none>');
  out.line(0, 'Node Affinity', '');
  const terms = objects(spec, 'nodeAffinity', 'required', 'nodeSelectorTerms');
  out.line(1, 'Required Terms', terms.length === 0 ? '<none>' : '');
  for (const [index, term] of terms.entries())
    writeTerm(2, index, objects(term, 'matchExpressions').map(requirementText), out);
}

function writeTerm(level: number, index: number, requirements: readonly string[], out: DescriptionWriter): void {
  out.write(level, `Term ${index}:\t`);
  if (requirements.length === 0) return out.write(0, '<none>\n');
  out.write(0, requirements.map((line) => `${line}\n`).join(`${'  '.repeat(level)}\t`));
}

function requirementText(requirement: JsonObject): string {
  const values = texts(requirement, 'values');
  const operator = text(requirement, 'operator').toLowerCase() || 'in';
  return `${text(requirement, 'key')} ${operator}${values.length === 0 ? '' : ` [${values.join(', ')}]`}`;
}

/** `users`: names of the pods that use it. */
export function describeClaim(claim: JsonObject, users: readonly string[], now: number, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(claim));
  out.line(0, 'Namespace', namespaceOf(claim));
  writeClaim(claim, out, { status: statusText(claim, now), finalizers: finalizersText(claim) });
  out.list('Used By', [...users].sort());
  const conditions = objects(claim, 'status', 'conditions');
  if (conditions.length === 0) return;
  out.write(0, 'Conditions:\n  Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n');
  out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n');
  for (const condition of conditions) {
    const times = `${localTime(text(condition, 'lastProbeTime'))} \t${localTime(text(condition, 'lastTransitionTime'))}`;
    out.write(
      1,
      `${text(condition, 'type')} \t${text(condition, 'status')} \t${times} \t${text(condition, 'reason')} \t${text(condition, 'message')}\n`,
    );
  }
}

/** What a claim and the template of one share; a template has no `state`. */
export function writeClaim(
  claim: JsonObject,
  out: DescriptionWriter,
  state?: { readonly status: string; readonly finalizers: string },
): void {
  const spec = object(claim, 'spec');
  out.line(0, 'StorageClass', storageClassOf(claim));
  if (state !== undefined) out.line(0, 'Status', state.status);
  out.line(0, 'Volume', text(spec, 'volumeName'));
  out.labels('Labels', at(claim, 'metadata', 'labels'));
  out.annotations('Annotations', at(claim, 'metadata', 'annotations'));
  if (state !== undefined) out.line(0, 'Finalizers', state.finalizers);
  const bound = text(spec, 'volumeName') !== '';
  out.line(0, 'Capacity', bound ? text(claim, 'status', 'capacity', 'storage') || '0' : '');
  out.line(0, 'Access Modes', bound ? accessModesText(at(claim, 'status', 'accessModes')) : '');
  if (has(spec, 'volumeMode')) out.line(0, 'VolumeMode', text(spec, 'volumeMode'));
  if (!has(spec, 'dataSource')) return;
  out.write(0, 'DataSource:\n');
  if (has(spec, 'dataSource', 'apiGroup')) out.line(1, 'APIGroup', text(spec, 'dataSource', 'apiGroup'));
  out.line(1, 'Kind', text(spec, 'dataSource', 'kind'));
  out.line(1, 'Name', text(spec, 'dataSource', 'name'));
}

export function describeStorageClass(storageClass: JsonObject, out: DescriptionWriter): void {
  const annotations = object(storageClass, 'metadata', 'annotations');
  out.line(0, 'Name', nameOf(storageClass));
  out.line(0, 'IsDefaultClass', DEFAULT_CLASS.some((key) => text(annotations, key) === 'true') ? 'Yes' : 'No');
  out.line(0, 'Annotations', labelsText(annotations));
  out.line(0, 'Provisioner', text(storageClass, 'provisioner'));
  out.line(0, 'Parameters', labelsText(at(storageClass, 'parameters')));
  const expands = has(storageClass, 'allowVolumeExpansion')
    ? flag(storageClass, 'allowVolumeExpansion')
      ? 'True'
      : 'False'
    : '<unset>';
  out.line(0, 'AllowVolumeExpansion', expands);
  const options = texts(storageClass, 'mountOptions');
  if (options.length === 0) out.line(0, 'MountOptions', '<none>');
  else {
    out.write(0, 'MountOptions:\n');
    for (const option of options) out.write(1, `${option}\n`);
  }
  if (has(storageClass, 'reclaimPolicy')) out.line(0, 'ReclaimPolicy', text(storageClass, 'reclaimPolicy'));
  if (has(storageClass, 'volumeBindingMode')) out.line(0, 'VolumeBindingMode', text(storageClass, 'volumeBindingMode'));
  if (!has(storageClass, 'allowedTopologies')) return;
  const terms = objects(storageClass, 'allowedTopologies');
  out.line(0, 'AllowedTopologies', terms.length === 0 ? '<none>' : '');
  for (const [index, term] of terms.entries())
    writeTerm(1, index, objects(term, 'matchLabelExpressions').map(requirementText), out);
}

export function describeVolumeAttributesClass(attributes: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(attributes));
  out.line(0, 'Annotations', labelsText(at(attributes, 'metadata', 'annotations')));
  out.line(0, 'DriverName', text(attributes, 'driverName'));
  out.line(0, 'Parameters', labelsText(at(attributes, 'parameters')));
}

export function describeCsiNode(node: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(node));
  out.labels('Labels', at(node, 'metadata', 'labels'));
  out.annotations('Annotations', at(node, 'metadata', 'annotations'));
  out.line(0, 'CreationTimestamp', localTime(text(node, 'metadata', 'creationTimestamp')));
  out.write(0, 'Spec:\n');
  if (!has(node, 'spec', 'drivers')) return;
  out.write(1, 'Drivers:\n');
  for (const driver of objects(node, 'spec', 'drivers')) {
    out.write(2, `${text(driver, 'name')}:\n`);
    out.line(3, 'Node ID', text(driver, 'nodeID'));
    if (has(driver, 'allocatable', 'count')) {
      out.write(3, 'Allocatables:\n');
      out.line(4, 'Count', text(driver, 'allocatable', 'count'));
    }
    if (has(driver, 'topologyKeys')) out.line(3, 'Topology Keys', `[${texts(driver, 'topologyKeys').join(' ')}]`);
  }
}
