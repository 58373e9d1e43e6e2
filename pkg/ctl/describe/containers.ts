// The containers of a pod or pod template, described. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';
import { at, flag, has, number, object, objects, pairs, text, texts } from '../objects/access.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

export interface ContainerContext {
  /** The pod whose field references can be shown; undefined for templates. */
  readonly pod: JsonObject | undefined;
  readonly statuses: readonly JsonObject[];
  /** Templates are indented one step further. */
  readonly space: string;
}

export function describeContainers(
  label: string,
  containers: readonly JsonObject[],
  context: ContainerContext,
  out: DescriptionWriter,
): void {
  out.write(0, `${context.space}${label}:${containers.length === 0 ? ' <none>' : ''}\n`);
  for (const container of containers) {
    const status = context.statuses.find((candidate) => text(candidate, 'name') === text(container, 'name'));
    describeBasics(container, status, context.space, out);
    describeWords('Command', texts(container, 'command'), out);
    describeWords('Args', texts(container, 'args'), out);
    if (status !== undefined) {
      describeState('State', object(status, 'state'), out);
      if (has(status, 'lastState', 'terminated')) describeState('Last State', object(status, 'lastState'), out);
      out.line(2, 'Ready', flag(status, 'ready') ? 'True' : 'False');
      out.line(2, 'Restart Count', String(number(status, 'restartCount')));
    }
    describeResources(object(container, 'resources'), 2, out);
    for (const [field, name] of [
      ['livenessProbe', 'Liveness'],
      ['readinessProbe', 'Readiness'],
      ['startupProbe', 'Startup'],
    ] as const)
      if (has(container, field)) out.line(2, name, probeText(object(container, field)));
    describeEnvironment(container, context.pod, out);
    describeMounts(container, out);
  }
}

function describeBasics(
  container: JsonObject,
  status: JsonObject | undefined,
  space: string,
  out: DescriptionWriter,
): void {
  out.write(1, `${space === '' ? '' : ' '}${text(container, 'name')}:\n`);
  if (status !== undefined) out.line(2, 'Container ID', text(status, 'containerID'));
  out.line(2, 'Image', text(container, 'image'));
  if (status !== undefined) out.line(2, 'Image ID', text(status, 'imageID'));
  const ports = objects(container, 'ports');
  const protocol = (port: JsonObject) => text(port, 'protocol') || 'TCP';
  const inner = ports.map((port) => {
    const name = text(port, 'name');
    return `${number(port, 'containerPort')}/${protocol(port)}${name === '' ? '' : ` (${name})`}`;
  });
  const host = ports.map((port) => {
    const name = text(port, 'name');
    return `${number(port, 'hostPort')}/${protocol(port)}${name === '' ? '' : ` (${name})`}`;
  });
  out.line(2, inner.length > 1 ? 'Ports' : 'Port', inner.join(', ') || '<none>');
  out.line(2, host.length > 1 ? 'Host Ports' : 'Host Port', host.join(', ') || '<none>');
  const seccomp = object(container, 'securityContext', 'seccompProfile');
  if (!has(container, 'securityContext', 'seccompProfile')) return;
  out.line(2, 'SeccompProfile', text(seccomp, 'type'));
  if (text(seccomp, 'type') === 'Localhost') out.line(3, 'LocalhostProfile', text(seccomp, 'localhostProfile'));
}

function describeWords(label: string, words: readonly string[], out: DescriptionWriter): void {
  if (words.length === 0) return;
  out.write(2, `${label}:\n`);
  for (const word of words) for (const line of word.split('\n')) out.write(3, `${line}\n`);
}

function describeState(label: string, state: JsonObject, out: DescriptionWriter): void {
  if (has(state, 'running')) {
    out.line(2, label, 'Running');
    out.line(3, 'Started', localTime(text(state, 'running', 'startedAt')));
    return;
  }
  const terminated = object(state, 'terminated');
  if (!has(state, 'terminated')) {
    out.line(2, label, 'Waiting');
    const reason = text(state, 'waiting', 'reason');
    if (reason !== '') out.line(3, 'Reason', reason);
    return;
  }
  out.line(2, label, 'Terminated');
  if (text(terminated, 'reason') !== '') out.line(3, 'Reason', text(terminated, 'reason'));
  if (text(terminated, 'message') !== '') out.line(3, 'Message', text(terminated, 'message'));
  out.line(3, 'Exit Code', String(number(terminated, 'exitCode')));
  if (number(terminated, 'signal') > 0) out.line(3, 'Signal', String(number(terminated, 'signal')));
  out.line(3, 'Started', localTime(text(terminated, 'startedAt')));
  out.line(3, 'Finished', localTime(text(terminated, 'finishedAt')));
}

export function describeResources(resources: JsonObject, level: number, out: DescriptionWriter): void {
  for (const [field, label] of [
    ['limits', 'Limits'],
    ['requests', 'Requests'],
  ] as const) {
    const amounts = pairs(resources, field);
    if (amounts.length === 0) continue;
    out.write(level, `${label}:\n`);
    for (const [name, amount] of amounts) out.line(level + 1, name, amount);
  }
}

export function probeText(probe: JsonObject): string {
  const count = (field: string) => number(probe, field);
  const attributes = `delay=${count('initialDelaySeconds')}s timeout=${count('timeoutSeconds')}s period=${count('periodSeconds')}s #success=${count('successThreshold')} #failure=${count('failureThreshold')}`;
  if (has(probe, 'exec')) return `exec [${texts(probe, 'exec', 'command').join(' ')}] ${attributes}`;
  if (has(probe, 'httpGet')) {
    const get = object(probe, 'httpGet');
    const port = text(get, 'port');
    const path = text(get, 'path');
    const rooted = path === '' || path.startsWith('/') ? path : `/${path}`;
    const url = `${(text(get, 'scheme') || 'http').toLowerCase()}://${text(get, 'host')}:${port}${rooted}`;
    return `http-get ${url} ${attributes}`;
  }
  if (has(probe, 'tcpSocket'))
    return `tcp-socket ${text(probe, 'tcpSocket', 'host')}:${text(probe, 'tcpSocket', 'port')} ${attributes}`;
  if (has(probe, 'grpc'))
    return `grpc <pod>:${number(probe, 'grpc', 'port')} ${text(probe, 'grpc', 'service')} ${attributes}`;
  return `unknown ${attributes}`;
}

function describeEnvironment(container: JsonObject, pod: JsonObject | undefined, out: DescriptionWriter): void {
  const sources = objects(container, 'envFrom');
  if (sources.length > 0) {
    out.write(2, 'Environment Variables from:\n');
    for (const source of sources) {
      const kind = has(source, 'configMapRef') ? 'ConfigMap' : 'Secret';
      const reference = object(source, kind === 'ConfigMap' ? 'configMapRef' : 'secretRef');
      const prefix = text(source, 'prefix');
      const name = `${text(reference, 'name')}\t${kind}${prefix === '' ? '' : ` with prefix '${prefix}'`}`;
      out.write(3, `${name}\tOptional: ${flag(reference, 'optional')}\n`);
    }
  }
  const variables = objects(container, 'env');
  out.write(2, `Environment:${variables.length === 0 ? '\t<none>' : ''}\n`);
  for (const variable of variables) {
    const name = text(variable, 'name');
    if (!has(variable, 'valueFrom')) {
      out.write(
        3,
        `${name}:\t${text(variable, 'value')
          .split('\n')
          .join(`\n${'  '.repeat(3)}\t`)}\n`,
      );
      continue;
    }
    out.write(3, `${name}:\t${sourceText(object(variable, 'valueFrom'), container, pod)}\n`);
  }
}

function sourceText(from: JsonObject, container: JsonObject, pod: JsonObject | undefined): string {
  if (has(from, 'fieldRef')) {
    const path = text(from, 'fieldRef', 'fieldPath');
    const value = pod === undefined ? '' : fieldOf(pod, path);
    return `${value} (${text(from, 'fieldRef', 'apiVersion') || 'v1'}:${path})`;
  }
  if (has(from, 'resourceFieldRef')) {
    const path = text(from, 'resourceFieldRef', 'resource');
    return `${amountOf(container, path, text(from, 'resourceFieldRef', 'divisor'))} (${path})`;
  }
  if (has(from, 'secretKeyRef'))
    return `<set to the key '${text(from, 'secretKeyRef', 'key')}' in secret '${text(from, 'secretKeyRef', 'name')}'>\tOptional: ${flag(from, 'secretKeyRef', 'optional')}`;
  return `<set to the key '${text(from, 'configMapKeyRef', 'key')}' of config map '${text(from, 'configMapKeyRef', 'name')}'>\tOptional: ${flag(from, 'configMapKeyRef', 'optional')}`;
}

/** A container's request or limit in units of `divisor`, rounded up. */
function amountOf(container: JsonObject, path: string, divisor: string): string {
  const [group = '', name = ''] = path.split('.');
  const unit = divisor === '' || divisor === '0' ? '1' : divisor;
  const amount = text(container, 'resources', group, name);
  if (amount === '' && group === 'limits') return 'node allocatable';
  const value =
    name === 'cpu' ? milliValue(amount || '0') / milliValue(unit) : wholeValue(amount || '0') / wholeValue(unit);
  return String(Math.ceil(value));
}

function fieldOf(pod: JsonObject, path: string): string {
  const subscript = /^(.*)\['(.*)'\]$/.exec(path);
  const steps = (subscript?.[1] ?? path).split('.');
  const found: Json | undefined = at(pod, ...steps, ...(subscript === null ? [] : [subscript[2] ?? '']));
  return found === undefined ? '' : text(found);
}

function describeMounts(container: JsonObject, out: DescriptionWriter): void {
  const mounts = objects(container, 'volumeMounts').sort((left, right) =>
    text(left, 'mountPath') < text(right, 'mountPath') ? -1 : 1,
  );
  out.write(2, `Mounts:${mounts.length === 0 ? '\t<none>' : ''}\n`);
  for (const mount of mounts) {
    const how = [flag(mount, 'readOnly') ? 'ro' : 'rw'];
    if (text(mount, 'subPath') !== '') how.push(`path=${JSON.stringify(text(mount, 'subPath'))}`);
    out.write(3, `${text(mount, 'mountPath')} from ${text(mount, 'name')} (${how.join(',')})\n`);
  }
  const devices = objects(container, 'volumeDevices');
  if (devices.length === 0) return;
  out.write(2, 'Devices:\n');
  for (const device of devices) out.write(3, `${text(device, 'devicePath')} from ${text(device, 'name')}\n`);
}
