// Writes the field tables and TypeScript types of all stable built-in kinds (pkg/api/schema/generated) from the
// models in the dev dependency @kubernetes/client-node. Only names, types and "required" come from there; whatever the
// models do not say stands by hand beside each kind. Run by `npm run generate`; the output is committed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fieldTypeOverrides, intOrStringFields, jsonFields, quantityFields } from './schema-overrides.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const gen = `${root}node_modules/@kubernetes/client-node/dist/gen`;
const out = `${root}pkg/api/schema/generated`;

interface ModelField {
  name: string;
  type: string;
  required: boolean;
}
interface Attribute {
  name: string;
  baseName: string;
  type: string;
  format: string;
}

/** Groups in the order in which they claim the types they reach; a type belongs to the first that reaches it. */
const GROUPS: readonly { id: string; api: string; first?: readonly string[] }[] = [
  { id: 'meta.v1', api: '', first: META_TYPES() },
  { id: 'autoscaling.v1', api: '', first: ['V1Scale', 'V1HorizontalPodAutoscaler', 'V1HorizontalPodAutoscalerList'] },
  { id: 'policy.v1', api: 'PolicyV1Api', first: ['V1Eviction'] },
  {
    id: 'authentication.v1',
    api: 'AuthenticationV1Api',
    first: ['AuthenticationV1TokenRequest', 'V1BoundObjectReference', 'V1TokenRequestSpec', 'V1TokenRequestStatus'],
  },
  {
    id: 'core.v1',
    api: 'CoreV1Api',
    first: ['V1TypedLocalObjectReference', 'V1TopologySelectorTerm', 'V1Taint'],
  },
  { id: 'apps.v1', api: 'AppsV1Api' },
  { id: 'batch.v1', api: 'BatchV1Api' },
  { id: 'autoscaling.v2', api: 'AutoscalingV2Api' },
  { id: 'coordination.v1', api: 'CoordinationV1Api' },
  { id: 'discovery.v1', api: 'DiscoveryV1Api' },
  { id: 'events.v1', api: 'EventsV1Api' },
  { id: 'networking.v1', api: 'NetworkingV1Api' },
  { id: 'node.v1', api: 'NodeV1Api' },
  { id: 'rbac.v1', api: 'RbacAuthorizationV1Api' },
  { id: 'scheduling.v1', api: 'SchedulingV1Api' },
  { id: 'storage.v1', api: 'StorageV1Api' },
  { id: 'certificates.v1', api: 'CertificatesV1Api' },
  { id: 'authorization.v1', api: 'AuthorizationV1Api' },
  { id: 'admissionregistration.v1', api: 'AdmissionregistrationV1Api' },
  { id: 'apiextensions.v1', api: 'ApiextensionsV1Api' },
  { id: 'apiregistration.v1', api: 'ApiregistrationV1Api' },
  { id: 'flowcontrol.v1', api: 'FlowcontrolApiserverV1Api' },
  { id: 'resource.v1', api: 'ResourceV1Api' },
];

function META_TYPES(): string[] {
  return [
    'V1APIGroup',
    'V1APIGroupList',
    'V1APIResource',
    'V1APIResourceList',
    'V1APIVersions',
    'V1Condition',
    'V1DeleteOptions',
    'V1FieldSelectorRequirement',
    'V1GroupResource',
    'V1GroupVersionForDiscovery',
    'V1LabelSelector',
    'V1LabelSelectorRequirement',
    'V1ListMeta',
    'V1ManagedFieldsEntry',
    'V1ObjectMeta',
    'V1OwnerReference',
    'V1Preconditions',
    'V1ServerAddressByClientCIDR',
    'V1Status',
    'V1StatusCause',
    'V1StatusDetails',
    'V1WatchEvent',
  ];
}

/** Model names that carry their group because two groups have a type of that name. */
const DISAMBIGUATED =
  /^(Admissionregistration|Apiextensions|Apiregistration|Authentication|Core|Discovery|Events|Flowcontrol|Rbac|Resource|Storage)V1/;

function typeName(model: string): string {
  return model.replace(DISAMBIGUATED, '').replace(/^V[12](?=[A-Z])/, '');
}

async function readModel(model: string): Promise<ModelField[]> {
  const module = (await import(`${gen}/models/${model}.js`)) as Record<
    string,
    { attributeTypeMap?: Attribute[] } | undefined
  >;
  const declared = readFileSync(`${gen}/models/${model}.d.ts`, 'utf8');
  const mandatory = new Set([...declared.matchAll(/^ {4}'([^']+)': /gm)].map((m) => m[1]));
  return (module[model]?.attributeTypeMap ?? []).map((attribute) => ({
    name: attribute.baseName,
    type: fieldType(attribute),
    required: mandatory.has(attribute.name),
  }));
}

function fieldType({ type, format }: Attribute): string {
  const array = /^Array<(.+)>$/.exec(type);
  if (array?.[1] !== undefined) return `[]${fieldType({ name: '', baseName: '', type: array[1], format })}`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map?.[1] !== undefined) return `{}${fieldType({ name: '', baseName: '', type: map[1], format })}`;
  switch (type) {
    case 'string':
      return format === 'byte' ? 'bytes' : 'string';
    case 'number':
      return format === '' ? 'int64' : format;
    case 'boolean':
      return 'boolean';
    case 'Date':
    case 'V1MicroTime':
      return format === 'date-time-micro' || type === 'V1MicroTime' ? 'microTime' : 'time';
    case 'any':
      return 'json';
    case 'IntOrString':
      return 'intOrString';
    default:
      return `@${type}`;
  }
}

const models = new Map<string, ModelField[]>();
const groupOf = new Map<string, string>();

async function claim(model: string, group: string): Promise<void> {
  if (groupOf.has(model)) return;
  groupOf.set(model, group);
  const fields = await readModel(model);
  models.set(model, fields);
  for (const field of fields) {
    const at = field.type.indexOf('@');
    if (at >= 0) await claim(field.type.slice(at + 1), group);
  }
}

const known = new Set(readdirSync(`${gen}/models`).map((file) => file.replace(/(\.d)?\.(ts|js)(\.map)?$/, '')));
for (const group of GROUPS) {
  for (const model of group.first ?? []) if (known.has(model)) await claim(model, group.id);
  if (group.api === '') continue;
  const api = readFileSync(`${gen}/apis/${group.api}.d.ts`, 'utf8');
  for (const [, model] of api.matchAll(/models\/(\w+)\.js'/g)) if (model !== undefined) await claim(model, group.id);
}

function resolved(group: string, owner: string, field: ModelField): string {
  const key = `${group}.${owner}.${field.name}`;
  const override = fieldTypeOverrides[key];
  if (override !== undefined) return override;
  if (quantityFields.has(key)) return field.type.replace(/string$/, 'quantity');
  if (intOrStringFields.has(key)) return field.type.replace(/(string|json)$/, 'intOrString');
  if (jsonFields.has(key)) return 'json';
  const at = field.type.indexOf('@');
  if (at < 0) return field.type;
  const model = field.type.slice(at + 1);
  return `${field.type.slice(0, at)}${groupOf.get(model) ?? 'unknown'}.${typeName(model)}`;
}

/** A kind's object as read from the API always carries these; the models call everything optional. */
function alwaysPresent(owner: string, fields: readonly ModelField[], field: ModelField): boolean {
  if (owner === 'ObjectMeta') return ['name', 'uid', 'resourceVersion', 'creationTimestamp'].includes(field.name);
  const isKind = fields.some((f) => f.name === 'kind') && fields.some((f) => f.name === 'metadata');
  return isKind && ['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(field.name);
}

function typescriptType(type: string, group: string): string {
  if (type.startsWith('[]')) return `${typescriptType(type.slice(2), group)}[]`;
  if (type.startsWith('{}')) return `Record<string, ${typescriptType(type.slice(2), group)}>`;
  switch (type) {
    case 'string':
    case 'boolean':
      return type;
    case 'bytes':
    case 'quantity':
    case 'time':
    case 'microTime':
      return 'string';
    case 'int32':
    case 'int64':
    case 'double':
      return 'number';
    case 'intOrString':
      return '(number | string)';
    case 'json':
      return 'Json';
    default: {
      const [prefix, name] = [type.slice(0, type.lastIndexOf('.')), type.slice(type.lastIndexOf('.') + 1)];
      return prefix === group ? name : `${namespaceName(prefix)}.${name}`;
    }
  }
}

function namespaceName(group: string): string {
  return group.replace(/\.v(\d)$/, 'V$1');
}

const HEADER = '// Generated by hack/generate-schema.ts out of @kubernetes/client-node. Do not edit.\n';
mkdirSync(out, { recursive: true });
const table: string[] = [];
for (const { id } of GROUPS) {
  const owned = [...models].filter(([model]) => groupOf.get(model) === id).sort(([a], [b]) => (a < b ? -1 : 1));
  const imports = new Set<string>();
  const body: string[] = [];
  for (const [model, fields] of owned) {
    const owner = typeName(model);
    const lines: string[] = [];
    const cells: string[] = [];
    for (const field of fields) {
      const type = resolved(id, owner, field);
      cells.push(`${JSON.stringify(field.name)}: '${type}${field.required ? '!' : ''}'`);
      const ts = typescriptType(type, id);
      for (const [, prefix] of ts.matchAll(/\b([a-z]+V\d)\./g)) if (prefix !== undefined) imports.add(prefix);
      if (/\bJson\b/.test(ts)) imports.add('Json');
      const present = field.required || alwaysPresent(owner, fields, field);
      lines.push(`  ${/^\w+$/.test(field.name) ? field.name : `'${field.name}'`}${present ? '' : '?'}: ${ts};`);
    }
    body.push(`export interface ${owner} {\n${lines.join('\n')}\n}`);
    table.push(`  '${id}.${owner}': { ${cells.join(', ')} },`);
  }
  const importLines = [...imports]
    .sort()
    .map((name) =>
      name === 'Json'
        ? "import type { Json } from '../json.ts';"
        : `import type * as ${name} from './${name.replace(/V(\d)$/, '.v$1')}.gen.ts';`,
    );
  writeFileSync(`${out}/${id}.gen.ts`, `${HEADER}${importLines.join('\n')}\n\n${body.join('\n\n')}\n`);
}
writeFileSync(
  `${out}/fields.gen.ts`,
  `${HEADER}// Field types: '[]' array of, '{}' map from string to, '!' required; else a scalar or '<group>.<version>.<Type>'.\n` +
    `export const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n${table.join('\n')}\n};\n`,
);
console.log(`${models.size} types in ${GROUPS.length} groups`);
