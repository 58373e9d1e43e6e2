// Services, endpoints and endpoint slices, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, number, object, objects, text, texts } from '../objects/access.ts';
import { describeHead } from './generic.ts';
import { labelsText } from './label-text.ts';
import type { DescriptionWriter } from './writer.ts';

/** More addresses than this are only counted. */
const MOST_ADDRESSES = 3;

export function describeService(service: JsonObject, slices: readonly JsonObject[], out: DescriptionWriter): void {
  const spec = object(service, 'spec');
  describeHead(service, out);
  out.line(0, 'Selector', labelsText(at(spec, 'selector')));
  out.line(0, 'Type', text(spec, 'type'));
  if (has(spec, 'ipFamilyPolicy')) out.line(0, 'IP Family Policy', text(spec, 'ipFamilyPolicy'));
  out.line(0, 'IP Families', texts(spec, 'ipFamilies').join(',') || '<none>');
  out.line(0, 'IP', text(spec, 'clusterIP'));
  out.line(0, 'IPs', texts(spec, 'clusterIPs').join(',') || '<none>');
  const external = texts(spec, 'externalIPs');
  if (external.length > 0) out.line(0, 'External IPs', external.join(','));
  if (has(spec, 'loadBalancerIP')) out.line(0, 'Desired LoadBalancer IP', text(spec, 'loadBalancerIP'));
  if (text(spec, 'externalName') !== '') out.line(0, 'External Name', text(spec, 'externalName'));
  const ingress = objects(service, 'status', 'loadBalancer', 'ingress');
  if (ingress.length > 0)
    out.line(
      0,
      'LoadBalancer Ingress',
      ingress
        .map((point) => {
          const mode = text(point, 'ipMode');
          return (text(point, 'ip') || text(point, 'hostname')) + (mode === '' ? '' : ` (${mode})`);
        })
        .join(', '),
    );
  for (const port of objects(spec, 'ports')) {
    const name = text(port, 'name') || '<unset>';
    const protocol = text(port, 'protocol');
    out.write(0, `Port:\t${name}\t${number(port, 'port')}/${protocol}\n`);
    out.write(0, `TargetPort:\t${text(port, 'targetPort')}/${protocol}\n`);
    if (number(port, 'nodePort') !== 0) out.write(0, `NodePort:\t${name}\t${number(port, 'nodePort')}/${protocol}\n`);
    out.line(0, 'Endpoints', sliceAddresses(slices, text(port, 'name')));
  }
  out.line(0, 'Session Affinity', text(spec, 'sessionAffinity'));
  if (has(spec, 'externalTrafficPolicy')) out.line(0, 'External Traffic Policy', text(spec, 'externalTrafficPolicy'));
  if (has(spec, 'internalTrafficPolicy')) out.line(0, 'Internal Traffic Policy', text(spec, 'internalTrafficPolicy'));
  if (number(spec, 'healthCheckNodePort') !== 0)
    out.line(0, 'HealthCheck NodePort', String(number(spec, 'healthCheckNodePort')));
  const ranges = texts(spec, 'loadBalancerSourceRanges');
  if (ranges.length > 0) out.line(0, 'LoadBalancer Source Ranges', ranges.join(','));
  if (has(spec, 'trafficDistribution')) out.line(0, 'Traffic Distribution', text(spec, 'trafficDistribution'));
}

/** Ready addresses behind the port of this name, the first few and how many more. Slices without ports count whole. */
export function sliceAddresses(slices: readonly JsonObject[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const seen = slices.flatMap((slice) => {
    const endpoints = objects(slice, 'endpoints').map((endpoint) => ({
      address: texts(endpoint, 'addresses')[0] ?? '',
      ready: at(endpoint, 'conditions', 'ready') !== false,
    }));
    const ports = objects(slice, 'ports');
    if (ports.length === 0) return endpoints;
    return ports
      .filter((port) => text(port, 'name') === portName)
      .flatMap((port) =>
        endpoints.map(({ address, ready }) => ({ address: hostPort(address, number(port, 'port')), ready })),
      );
  });
  const ready = seen.filter((endpoint) => endpoint.ready).map(({ address }) => address);
  const shown = ready.slice(0, MOST_ADDRESSES).join(',');
  // kubectl says "more" as soon as anything follows the last address shown, ready or not.
  const filled = seen.flatMap((endpoint, index) => (endpoint.ready ? [index] : []))[MOST_ADDRESSES - 1];
  const more = filled !== undefined && seen.length > filled + 1;
  return more ? `${shown} + ${ready.length - MOST_ADDRESSES} more...` : shown;
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function describeEndpoints(endpoints: JsonObject, out: DescriptionWriter): void {
  describeHead(endpoints, out);
  out.write(0, 'Subsets:\n');
  for (const subset of objects(endpoints, 'subsets')) {
    const list = (field: string) =>
      objects(subset, field)
        .map((address) => text(address, 'ip'))
        .join(',') || '<none>';
    out.line(0, '  Addresses', list('addresses'));
    out.line(0, '  NotReadyAddresses', list('notReadyAddresses'));
    const ports = objects(subset, 'ports');
    if (ports.length > 0) {
      out.write(0, '  Ports:\n    Name\tPort\tProtocol\n    ----\t----\t--------\n');
      for (const port of ports)
        out.write(0, `    ${text(port, 'name') || '<unset>'}\t${number(port, 'port')}\t${text(port, 'protocol')}\n`);
    }
    out.write(0, '\n');
  }
}

export function describeEndpointSlice(slice: JsonObject, out: DescriptionWriter): void {
  describeHead(slice, out);
  out.line(0, 'AddressType', text(slice, 'addressType'));
  const ports = objects(slice, 'ports');
  if (ports.length === 0) out.write(0, 'Ports: <unset>\n');
  else {
    out.write(0, 'Ports:\n');
    out.write(1, 'Name\tPort\tProtocol\n');
    out.write(1, '----\t----\t--------\n');
    for (const port of ports)
      out.write(
        1,
        `${text(port, 'name') || '<unset>'}\t${has(port, 'port') ? number(port, 'port') : '<unset>'}\t${text(port, 'protocol')}\n`,
      );
  }
  const endpoints = objects(slice, 'endpoints');
  if (endpoints.length === 0) return out.write(0, 'Endpoints: <none>\n');
  out.write(0, 'Endpoints:\n');
  for (const endpoint of endpoints) {
    out.line(1, '- Addresses', texts(endpoint, 'addresses').join(', '));
    out.write(2, 'Conditions:\n');
    out.line(3, 'Ready', has(endpoint, 'conditions', 'ready') ? text(endpoint, 'conditions', 'ready') : '<unset>');
    out.line(2, 'Hostname', text(endpoint, 'hostname') || '<unset>');
    if (has(endpoint, 'targetRef'))
      out.line(2, 'TargetRef', `${text(endpoint, 'targetRef', 'kind')}/${text(endpoint, 'targetRef', 'name')}`);
    out.line(2, 'NodeName', text(endpoint, 'nodeName') || '<unset>');
    out.line(2, 'Zone', text(endpoint, 'zone') || '<unset>');
  }
}
