// Which local port a port-forward joins with which port of the pod: read from arguments like `8080:80`, `:80`, `http`, and
// translated when they are a service's. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { nameOf, number, objects, text } from '../objects/access.ts';

export interface ForwardedPort {
  /** 0: any free one. */
  readonly local: number;
  readonly remote: number;
}

/** Throws Failure for what is no port of the pod or service. `service`: what the ports are the ports of, if not the pod. */
export function forwardedPorts(
  words: readonly string[],
  pod: JsonObject,
  service: JsonObject | undefined,
): ForwardedPort[] {
  return words.map((word) => {
    const parts = word.split(':');
    if (parts.length > 2) throw new Failure(`invalid port format '${word}'`);
    const remoteText = parts.at(-1) ?? '';
    const localText = parts.length === 2 ? (parts[0] ?? '') : undefined;
    const named = !/^\d+$/.test(remoteText);
    const own = service === undefined ? podPort(remoteText, named, pod) : servicePort(remoteText, named, service);
    const remote = service === undefined ? own : targetPort(own, service, pod);
    if (remote === 0) throw new Failure('remote port must be > 0');
    const local = localText === undefined ? own : localText === '' ? 0 : localPort(localText);
    return { local, remote };
  });
}

function localPort(word: string): number {
  const port = Number(word);
  if (!/^\d+$/.test(word))
    throw new Failure(
      `error parsing local port '${word}': strconv.ParseUint: parsing ${JSON.stringify(word)}: invalid syntax`,
    );
  if (port > 65_535)
    throw new Failure(
      `error parsing local port '${word}': strconv.ParseUint: parsing ${JSON.stringify(word)}: value out of range`,
    );
  return port;
}

function containerPort(pod: JsonObject, name: string): number {
  const ports = objects(pod, 'spec', 'containers').flatMap((container) => objects(container, 'ports'));
  const found = ports.find((port) => text(port, 'name') === name);
  if (found === undefined) throw new Failure(`Pod '${nameOf(pod)}' does not have a named port '${name}'`);
  return number(found, 'containerPort');
}

function podPort(word: string, named: boolean, pod: JsonObject): number {
  if (named) return containerPort(pod, word);
  if (Number(word) > 65_535)
    throw new Failure(
      `error parsing remote port '${word}': strconv.ParseUint: parsing ${JSON.stringify(word)}: value out of range`,
    );
  return Number(word);
}

function servicePort(word: string, named: boolean, service: JsonObject): number {
  if (!named) return Number(word);
  const found = objects(service, 'spec', 'ports').find((port) => text(port, 'name') === word);
  if (found === undefined) throw new Failure(`Service '${nameOf(service)}' does not have a named port '${word}'`);
  return number(found, 'port');
}

/** The pod's port behind a service's. */
function targetPort(port: number, service: JsonObject, pod: JsonObject): number {
  const found = objects(service, 'spec', 'ports').find((candidate) => number(candidate, 'port') === port);
  if (found === undefined) throw new Failure(`Service ${nameOf(service)} does not have a service port ${port}`);
  if (text(service, 'spec', 'clusterIP') === 'None') return port;
  const target = text(found, 'targetPort');
  if (target === '' || target === '0') return port;
  return /^\d+$/.test(target) ? Number(target) : containerPort(pod, target);
}
