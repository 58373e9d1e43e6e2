// Ingresses and their classes, and the cluster's service addresses, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, namespaceOf, object, objects, text, texts } from '../objects/access.ts';
import { sliceAddresses } from './network.ts';
import { writeDatedConditions, type DescriptionWriter } from './writer.ts';

/** A Service that an ingress names, with its slices; a text is why it could not be read. */
export type BackendService = { readonly service: JsonObject; readonly slices: readonly JsonObject[] } | string;

/** The names of the Services that an ingress sends to. */
export function backendServices(ingress: JsonObject): Set<string> {
  const backends = [
    object(ingress, 'spec', 'defaultBackend'),
    ...objects(ingress, 'spec', 'rules').flatMap((rule) =>
      objects(rule, 'http', 'paths').map((path) => object(path, 'backend')),
    ),
  ];
  return new Set(backends.map((backend) => text(backend, 'service', 'name')).filter((name) => name !== ''));
}

export function describeIngress(
  ingress: JsonObject,
  services: ReadonlyMap<string, BackendService>,
  out: DescriptionWriter,
): void {
  const spec = object(ingress, 'spec');
  out.line(0, 'Name', nameOf(ingress));
  out.labels('Labels', at(ingress, 'metadata', 'labels'));
  out.line(0, 'Namespace', namespaceOf(ingress));
  const addresses = objects(ingress, 'status', 'loadBalancer', 'ingress').map(
    (point) => text(point, 'ip') || text(point, 'hostname'),
  );
  out.line(0, 'Address', [...new Set(addresses.filter((address) => address !== ''))].sort().join(','));
  out.line(0, 'Ingress Class', has(spec, 'ingressClassName') ? text(spec, 'ingressClassName') : '<none>');
  const fallback = has(spec, 'defaultBackend') ? backendText(object(spec, 'defaultBackend'), services) : '<default>';
  out.line(0, 'Default backend', fallback);
  writeTls(objects(spec, 'tls'), out);
  out.write(0, 'Rules:\n  Host\tPath\tBackends\n');
  out.write(1, '----\t----\t--------\n');
  const rules = objects(spec, 'rules').filter((rule) => has(rule, 'http'));
  for (const rule of rules) {
    out.write(1, `${text(rule, 'host') || '*'}\t\n`);
    for (const path of objects(rule, 'http', 'paths'))
      out.write(2, `\t${text(path, 'path')} \t${backendText(object(path, 'backend'), services)}\n`);
  }
  if (rules.length === 0) out.write(1, `*\t*\t${fallback}\n`);
  out.annotations('Annotations', at(ingress, 'metadata', 'annotations'));
}

function writeTls(entries: readonly JsonObject[], out: DescriptionWriter): void {
  if (entries.length === 0) return;
  out.write(0, 'TLS:\n');
  for (const entry of entries) {
    const secret = text(entry, 'secretName');
    out.write(1, `${secret === '' ? 'SNI routes' : `${secret} terminates`} ${texts(entry, 'hosts').join(',')}\n`);
  }
}

function backendText(backend: JsonObject, services: ReadonlyMap<string, BackendService>): string {
  if (has(backend, 'service')) {
    const wanted = object(backend, 'service');
    const port = text(wanted, 'port', 'number') || text(wanted, 'port', 'name');
    const start = `${text(wanted, 'name')}:${port}`;
    const found = services.get(text(wanted, 'name'));
    if (found === undefined) return start;
    if (typeof found === 'string') return `${start} (<error: ${found}>)`;
    const named = objects(found.service, 'spec', 'ports').findLast((candidate) =>
      has(wanted, 'port', 'number')
        ? text(candidate, 'port') === text(wanted, 'port', 'number')
        : text(candidate, 'name') === text(wanted, 'port', 'name'),
    );
    return `${start} (${sliceAddresses(found.slices, text(named, 'name'))})`;
  }
  if (!has(backend, 'resource')) return '';
  const resource = object(backend, 'resource');
  return `APIGroup: ${text(resource, 'apiGroup') || '<none>'}, Kind: ${text(resource, 'kind')}, Name: ${text(resource, 'name')}`;
}

export function describeIngressClass(ingressClass: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(ingressClass));
  out.labels('Labels', at(ingressClass, 'metadata', 'labels'));
  out.annotations('Annotations', at(ingressClass, 'metadata', 'annotations'));
  out.line(0, 'Controller', text(ingressClass, 'spec', 'controller'));
  const parameters = object(ingressClass, 'spec', 'parameters');
  if (!has(ingressClass, 'spec', 'parameters')) return;
  out.write(0, 'Parameters:\n');
  if (has(parameters, 'apiGroup')) out.line(1, 'APIGroup', text(parameters, 'apiGroup'));
  out.line(1, 'Kind', text(parameters, 'kind'));
  out.line(1, 'Name', text(parameters, 'name'));
}

export function describeServiceCidr(range: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(range));
  out.labels('Labels', at(range, 'metadata', 'labels'));
  out.annotations('Annotations', at(range, 'metadata', 'annotations'));
  out.line(0, 'CIDRs', texts(range, 'spec', 'cidrs').join(', '));
  const conditions = objects(range, 'status', 'conditions');
  if (conditions.length === 0) return;
  out.write(0, 'Status:\nConditions:\n');
  writeDatedConditions(conditions, out);
}

export function describeIpAddress(address: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(address));
  out.labels('Labels', at(address, 'metadata', 'labels'));
  out.annotations('Annotations', at(address, 'metadata', 'annotations'));
  const parent = object(address, 'spec', 'parentRef');
  if (!has(address, 'spec', 'parentRef')) return;
  out.write(0, 'Parent Reference:\n');
  out.line(1, 'Group', text(parent, 'group'));
  out.line(1, 'Resource', text(parent, 'resource'));
  out.line(1, 'Namespace', text(parent, 'namespace'));
  out.line(1, 'Name', text(parent, 'name'));
}
