// Network policies, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, namespaceOf, object, objects, text, texts } from '../objects/access.ts';
import { selectorSummary } from './label-text.ts';
import { goTime, type DescriptionWriter } from './writer.ts';

const INDENT = '    ';

export function describeNetworkPolicy(policy: JsonObject, out: DescriptionWriter): void {
  const spec = object(policy, 'spec');
  out.line(0, 'Name', nameOf(policy));
  out.line(0, 'Namespace', namespaceOf(policy));
  out.line(0, 'Created on', goTime(text(policy, 'metadata', 'creationTimestamp')));
  out.labels('Labels', at(policy, 'metadata', 'labels'));
  out.annotations('Annotations', at(policy, 'metadata', 'annotations'));
  const selected = selectorSummary(object(spec, 'podSelector'));
  out.write(0, 'Spec:\n');
  out.write(
    1,
    `PodSelector:     ${selected === '' ? '<none> (Allowing the specific traffic to all pods in this namespace)' : selected}\n`,
  );
  const types = texts(spec, 'policyTypes');
  if (types.includes('Ingress')) {
    out.write(1, 'Allowing ingress traffic:\n');
    writeRules(objects(spec, 'ingress'), 'ingress', out);
  } else out.write(1, 'Not affecting ingress traffic\n');
  if (types.includes('Egress')) {
    out.write(1, 'Allowing egress traffic:\n');
    writeRules(objects(spec, 'egress'), 'egress', out);
  } else out.write(1, 'Not affecting egress traffic\n');
  out.write(1, `Policy Types: ${types.join(', ') || '<none>'}\n`);
}

function writeRules(rules: readonly JsonObject[], direction: 'ingress' | 'egress', out: DescriptionWriter): void {
  if (rules.length === 0)
    return out.write(0, `${INDENT}<none> (Selected pods are isolated for ${direction} connectivity)\n`);
  const [field, label, end] = direction === 'ingress' ? ['from', 'From', 'source'] : ['to', 'To', 'destination'];
  for (const [index, rule] of rules.entries()) {
    const ports = objects(rule, 'ports');
    if (ports.length === 0) out.write(0, `${INDENT}To Port: <any> (traffic allowed to all ports)\n`);
    for (const port of ports) out.write(0, `${INDENT}${portText(port)}\n`);
    const peers = objects(rule, field);
    if (peers.length === 0) out.write(0, `${INDENT}${label}: <any> (traffic not restricted by ${end})\n`);
    for (const peer of peers) {
      out.write(0, `${INDENT}${label}:\n`);
      writePeer(peer, out);
    }
    if (index < rules.length - 1) out.write(0, `${INDENT}----------\n`);
  }
}

function portText(port: JsonObject): string {
  const protocol = text(port, 'protocol') || 'TCP';
  const number = has(port, 'port') ? text(port, 'port') : '<nil>';
  return has(port, 'endPort')
    ? `To Port Range: ${number}-${text(port, 'endPort')}/${protocol}`
    : `To Port: ${number}/${protocol}`;
}

function writePeer(peer: JsonObject, out: DescriptionWriter): void {
  const selectors = [
    ['namespaceSelector', 'NamespaceSelector'],
    ['podSelector', 'PodSelector'],
  ] as const;
  const given = selectors.filter(([field]) => has(peer, field));
  for (const [field, label] of given)
    out.write(1, `${INDENT}${label}: ${selectorSummary(object(peer, field)) || '<none>'}\n`);
  if (given.length > 0 || !has(peer, 'ipBlock')) return;
  out.write(1, `${INDENT}IPBlock:\n`);
  out.write(2, `${INDENT}CIDR: ${text(peer, 'ipBlock', 'cidr')}\n`);
  out.write(2, `${INDENT}Except: ${texts(peer, 'ipBlock', 'except').join(', ')}\n`);
}
