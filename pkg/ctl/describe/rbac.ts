// Roles and their bindings, described; and the rules of a role in the compact form that people read. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, compareBytes, nameOf, object, objects, text, texts } from '../objects/access.ts';
import type { DescriptionWriter } from './writer.ts';

/** At most one group, resource, name and URL, and all verbs for them. */
export interface CompactRule {
  readonly group: string | undefined;
  readonly resource: string | undefined;
  readonly resourceName: string | undefined;
  readonly url: string | undefined;
  readonly verbs: readonly string[];
}

export function describeRole(role: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(role));
  out.labels('Labels', at(role, 'metadata', 'labels'));
  out.annotations('Annotations', at(role, 'metadata', 'annotations'));
  out.write(0, 'PolicyRule:\n  Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  out.write(1, '---------\t-----------------\t--------------\t-----\n');
  for (const rule of compactRules(objects(role, 'rules'))) out.write(1, `${ruleCells(rule).join('\t')}\n`);
}

/** `deployments.apps/scale`, URLs, names, verbs. */
export function ruleCells(rule: CompactRule): string[] {
  const [resource = '', ...subresource] = (rule.resource ?? '').split('/');
  const group = rule.group === undefined || rule.group === '' ? '' : `.${rule.group}`;
  const bracketed = (word: string | undefined) => `[${word ?? ''}]`;
  return [
    resource === '' ? '' : [resource + group, ...subresource].join('/'),
    bracketed(rule.url),
    bracketed(rule.resourceName),
    `[${rule.verbs.join(' ')}]`,
  ];
}

/** Every combination of a rule's lists on its own, those about the same thing joined again, in kubectl's order. */
export function compactRules(rules: readonly JsonObject[]): CompactRule[] {
  const byThing = new Map<string, { rule: CompactRule; verbs: string[] }>();
  const others: CompactRule[] = [];
  for (const rule of rules) {
    const names = texts(rule, 'resourceNames');
    for (const group of texts(rule, 'apiGroups'))
      for (const resource of texts(rule, 'resources'))
        for (const verb of texts(rule, 'verbs'))
          for (const resourceName of names.length === 0 ? [undefined] : names) {
            const thing = JSON.stringify([group, resource, resourceName]);
            const known = byThing.get(thing);
            if (known !== undefined) known.verbs.push(verb);
            else {
              const verbs = [verb];
              byThing.set(thing, { rule: { group, resource, resourceName, url: undefined, verbs }, verbs });
            }
          }
    for (const url of texts(rule, 'nonResourceURLs'))
      for (const verb of texts(rule, 'verbs'))
        others.push({ group: undefined, resource: undefined, resourceName: undefined, url, verbs: [verb] });
  }
  return [...others, ...[...byThing.values()].map(({ rule }) => rule)].sort((left, right) =>
    compareBytes(sortText(left), sortText(right)),
  );
}

/** The text by which Kubernetes orders rules: verbs first. */
function sortText(rule: CompactRule): string {
  const list = (word: string | undefined) => `[${word ?? ''}]`;
  return `&PolicyRule{Verbs:[${rule.verbs.join(' ')}],APIGroups:${list(rule.group)},Resources:${list(rule.resource)},ResourceNames:${list(rule.resourceName)},NonResourceURLs:${list(rule.url)},}`;
}

export function describeRoleBinding(binding: JsonObject, out: DescriptionWriter): void {
  const role = object(binding, 'roleRef');
  out.line(0, 'Name', nameOf(binding));
  out.labels('Labels', at(binding, 'metadata', 'labels'));
  out.annotations('Annotations', at(binding, 'metadata', 'annotations'));
  out.write(0, 'Role:\n');
  out.line(1, 'Kind', text(role, 'kind'));
  out.line(1, 'Name', text(role, 'name'));
  out.write(0, 'Subjects:\n  Kind\tName\tNamespace\n');
  out.write(1, '----\t----\t---------\n');
  for (const subject of objects(binding, 'subjects'))
    out.write(1, `${text(subject, 'kind')}\t${text(subject, 'name')}\t${text(subject, 'namespace')}\n`);
}
