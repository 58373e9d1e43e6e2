// Which of some RBAC rules others do not allow. Every rule is taken apart into the smallest rules (one group, resource,
// verb and name, or one URL and verb); each of these is allowed by one rule of the other side or by none. Pure.
import type { Json } from '../../api/schema/json.ts';
import { texts } from '../objects/access.ts';

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export function ruleOf(value: Json): Rule {
  return {
    verbs: texts(value, 'verbs'),
    apiGroups: texts(value, 'apiGroups'),
    resources: texts(value, 'resources'),
    resourceNames: texts(value, 'resourceNames'),
    nonResourceURLs: texts(value, 'nonResourceURLs'),
  };
}

/** The smallest rules of `wanted` that none of `given` allows. */
export function uncovered(given: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  return wanted.flatMap(smallest).filter((rule) => !given.some((owner) => covers(owner, rule)));
}

const NOTHING: Rule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

function smallest(rule: Rule): Rule[] {
  const found: Rule[] = [];
  for (const group of rule.apiGroups)
    for (const resource of rule.resources)
      for (const verb of rule.verbs) {
        const one = { ...NOTHING, apiGroups: [group], resources: [resource], verbs: [verb] };
        if (rule.resourceNames.length === 0) found.push(one);
        else found.push(...rule.resourceNames.map((name) => ({ ...one, resourceNames: [name] })));
      }
  for (const url of rule.nonResourceURLs)
    for (const verb of rule.verbs) found.push({ ...NOTHING, nonResourceURLs: [url], verbs: [verb] });
  return found;
}

function covers(owner: Rule, rule: Rule): boolean {
  const allows = (own: readonly string[], asked: readonly string[]) =>
    own.includes('*') || asked.every((one) => own.includes(one));
  const names =
    rule.resourceNames.length === 0
      ? owner.resourceNames.length === 0
      : owner.resourceNames.length === 0 || rule.resourceNames.every((name) => owner.resourceNames.includes(name));
  return (
    names &&
    allows(owner.verbs, rule.verbs) &&
    allows(owner.apiGroups, rule.apiGroups) &&
    rule.resources.every((resource) => coversResource(owner.resources, resource)) &&
    rule.nonResourceURLs.every((url) => owner.nonResourceURLs.some((own) => coversUrl(own, url)))
  );
}

/** A subresource is also covered by that of all resources: `*` + `/status`. */
function coversResource(own: readonly string[], resource: string): boolean {
  const slash = resource.indexOf('/');
  return own.includes('*') || own.includes(resource) || (slash >= 0 && own.includes(`*${resource.slice(slash)}`));
}

function coversUrl(own: string, url: string): boolean {
  return own === url || (own.endsWith('*') && url.startsWith(own.replace(/\*+$/, '')));
}
