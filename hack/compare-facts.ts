// Compares the project's schema tables and kinds with Kubernetes' own, given as a folder with types.json (fields, types,
// required, list and map types, patch strategies) and resources.json (names, verbs, subresources, short names,
// categories). Prints what differs, a line each, and exits with 1 if anything does: `node hack/compare-facts.ts FOLDER`.
import { readFileSync } from 'node:fs';
import { kinds } from '../pkg/api/kinds.ts';
import { apiVersionOf } from '../pkg/api/schema/resource-type.ts';
import { fields } from '../pkg/api/schema/generated/fields.gen.ts';
import { schemaOf, type FieldSchema } from '../pkg/api/schema/object-schema.ts';

type FactType = string | ['array' | 'map', FactType];
interface FactField {
  type: FactType;
  required?: boolean;
  'list-type'?: string;
  'list-map-keys'?: string[];
  'map-type'?: string;
  'patch-strategy'?: string;
  'patch-merge-key'?: string;
}
interface TypeFact {
  fields?: Record<string, FactField>;
  'map-type'?: string;
}
interface ResourceFact {
  kind: string;
  namespaced: boolean;
  verbs: string[];
  singular: string;
  shortNames?: string[];
  categories?: string[];
  subresources: Record<string, { kind: string; verbs: string[] }>;
}

const SCALAR_FACTS: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  'integer:int32': 'int32',
  'integer:int64': 'int64',
  'number:double': 'double',
  'string:byte': 'bytes',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
};
const JSON_FACTS =
  /\.(RawExtension|FieldsV1|JSON|JSONSchemaPropsOr\w+|CustomResourceSubresourceStatus)$|^(object|any)$/;

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node hack/compare-facts.ts FOLDER');
  process.exit(2);
}
const types = JSON.parse(readFileSync(`${folder}/types.json`, 'utf8')) as Record<string, TypeFact>;
const resources = JSON.parse(readFileSync(`${folder}/resources.json`, 'utf8')) as Record<string, ResourceFact>;

let differences = 0;
function differ(where: string, ours: unknown, theirs: unknown): void {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
  if (a === b) return;
  differences++;
  console.log(`${where}: ours ${a ?? 'absent'}, Kubernetes ${b ?? 'absent'}`);
}

const factOf = new Map<string, TypeFact>();
for (const [name, fact] of Object.entries(types)) factOf.set(shortName(name), fact);

function shortName(name: string): string {
  return name.split('.').slice(-3).join('.');
}

function factType(type: FactType): string {
  if (Array.isArray(type)) return `${type[0] === 'array' ? '[]' : '{}'}${factType(type[1])}`;
  const scalar = SCALAR_FACTS[type];
  if (scalar !== undefined) return scalar;
  return JSON_FACTS.test(type) ? 'json' : shortName(type);
}

/** What OpenAPI publishes of a field's merging. */
function publishedRules(schema: FieldSchema): Record<string, unknown> {
  switch (schema.kind) {
    case 'list':
      return {
        list: schema.published ? schema.listType : undefined,
        keys: schema.mapKeys.length > 0 ? schema.mapKeys : undefined,
        strategy: schema.patchStrategies.length > 0 ? schema.patchStrategies.join(',') : undefined,
        mergeKey: schema.patchMergeKey,
      };
    case 'map':
      return { map: schema.published ? schema.mapType : undefined };
    case 'object':
      return {
        map: schema.published ? schema.mapType : undefined,
        strategy: schema.patchStrategies.length > 0 ? schema.patchStrategies.join(',') : undefined,
      };
    case 'scalar':
      return {};
  }
}

function compareType(name: string): void {
  const fact = factOf.get(name);
  const ours = fields[name];
  if (fact?.fields === undefined || ours === undefined) return differ(name, ours !== undefined, fact !== undefined);
  const schema = schemaOf(name);
  differ(`${name} map type`, schema.mapType, fact['map-type'] ?? 'granular');
  for (const field of new Set([...Object.keys(ours), ...Object.keys(fact.fields)])) {
    const where = `${name}.${field}`;
    const [cell, theirs, definition] = [ours[field], fact.fields[field], schema.fields.get(field)];
    if (cell === undefined || theirs === undefined || definition === undefined) {
      differ(where, cell, theirs);
      continue;
    }
    differ(`${where} type`, cell.replace(/!$/, ''), factType(theirs.type));
    differ(`${where} required`, definition.required, theirs.required === true);
    // Kubernetes publishes a list type for one byte string (APIService's caBundle), where it means nothing.
    if (definition.schema.kind === 'scalar') continue;
    const rules = { list: undefined, keys: undefined, map: undefined, strategy: undefined, mergeKey: undefined };
    differ(
      `${where} merging`,
      { ...rules, ...publishedRules(definition.schema) },
      {
        ...rules,
        list: theirs['list-type'],
        keys: theirs['list-map-keys'],
        map: theirs['map-type'],
        strategy: theirs['patch-strategy'],
        mergeKey: theirs['patch-merge-key'],
      },
    );
  }
}

for (const name of Object.keys(fields)) {
  // Types of requests and answers that only HTTP clients see (ListMeta's relatives) are compared like any other.
  compareType(name);
}

for (const kind of kinds) {
  const name = `${apiVersionOf(kind.type)}/${kind.type.resource}`;
  const fact = resources[kind.type.group === '' ? `/${name}` : name];
  if (fact === undefined) {
    differ(name, 'served', 'unknown');
    continue;
  }
  differ(`${name} kind`, kind.type.kind, fact.kind);
  differ(`${name} namespaced`, kind.type.namespaced, fact.namespaced);
  differ(`${name} singular`, kind.singular, fact.singular);
  differ(`${name} verbs`, [...kind.verbs].sort(), [...fact.verbs].sort());
  differ(`${name} short names`, kind.shortNames, fact.shortNames ?? []);
  differ(`${name} categories`, kind.categories, fact.categories ?? []);
  const ours = kind.subresources.map((sub) => [
    sub.name,
    { kind: `${apiVersionOf(sub.kind)}/${sub.kind.kind}`, verbs: [...sub.verbs].sort() },
  ]);
  const theirs = Object.entries(fact.subresources).map(([sub, { kind: of, verbs }]) => [
    sub,
    { kind: of, verbs: [...verbs].sort() },
  ]);
  const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  differ(`${name} subresources`, ours.sort(byName), theirs.sort(byName));
}
console.log(differences === 0 ? 'no differences' : `${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
