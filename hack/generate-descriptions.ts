// Reads what types and fields are for out of the declarations of @kubernetes/client-node into
// pkg/api/schema/generated/descriptions.gen.json, which `explain` and the OpenAPI documents show. Run when the programs are
// built; the file is not committed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fields } from '../pkg/api/schema/generated/fields.gen.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const models = `${root}node_modules/@kubernetes/client-node/dist/gen/models`;
const output = `${root}pkg/api/schema/generated/descriptions.gen.json`;

/** Model names that carry their group write it like this where it is not the capitalised short name. */
const MODEL_GROUPS: Readonly<Record<string, string>> = { rbac: 'Rbac', flowcontrol: 'Flowcontrol' };

/** `core.v1.Pod` is the model V1Pod; types whose name several groups have carry their group: CoreV1Event. */
function modelFile(typeName: string): string | undefined {
  const [group = '', version = '', name = ''] = typeName.split('.');
  const versionPart = version.charAt(0).toUpperCase() + version.slice(1);
  const groupPart = MODEL_GROUPS[group] ?? group.charAt(0).toUpperCase() + group.slice(1);
  return [`${groupPart}${versionPart}${name}`, `${versionPart}${name}`]
    .map((model) => `${models}/${model}.d.ts`)
    .find((file) => existsSync(file));
}

/** A comment, then the class or a property; the declarations hold nothing else that looks so. */
const COMMENTED = /\/\*\*\n((?:\s*\*[^\n]*\n)+?)\s*\*\/\n\s*(?:export declare class \w+|'([^']+)'\??:)/g;

function readTexts(file: string): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [, comment = '', property = ''] of readFileSync(file, 'utf8').matchAll(COMMENTED)) {
    const text = comment
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''))
      .join('\n')
      .trim()
      .replaceAll(/\\(['"`\\])/g, '$1');
    if (text !== '') texts[property] = text;
  }
  return texts;
}

const METADATA =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA =
  'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';

/** The models say nothing of fields that hold another type; what that type is for stands in. */
function borrowed(type: string, names: readonly string[]): string | undefined {
  const target = type.replace(/^(\[\]|\{\})+/, '').replace(/!$/, '');
  if (target === 'meta.v1.ObjectMeta') return METADATA;
  if (target === 'meta.v1.ListMeta' && names.includes('items')) return LIST_METADATA;
  return target.includes('.') ? textsOf(target)?.[''] : undefined;
}

const read = new Map<string, Record<string, string> | undefined>();

function textsOf(typeName: string): Record<string, string> | undefined {
  if (!read.has(typeName)) {
    const file = modelFile(typeName);
    read.set(typeName, file === undefined ? undefined : readTexts(file));
  }
  return read.get(typeName);
}

const descriptions: Record<string, Record<string, string>> = {};
let found = 0;
for (const [typeName, table] of Object.entries(fields)) {
  const texts = textsOf(typeName);
  if (texts === undefined) continue;
  const names = Object.keys(table);
  const known = Object.entries(texts).map(([property, text]) => [fieldName(property, names), text] as const);
  const kept = new Map(known.filter(([name]) => name === '' || name in table));
  for (const [name, type] of Object.entries(table)) {
    const text = kept.get(name) ?? borrowed(type, names);
    if (text !== undefined) kept.set(name, text);
  }
  if (kept.size === 0) continue;
  descriptions[typeName] = Object.fromEntries(kept);
  found += kept.size;
}
writeFileSync(output, `${JSON.stringify(descriptions)}\n`);
console.log(`${found} descriptions of ${Object.keys(descriptions).length} types`);

/** Names that JavaScript cannot have are written with an underscore (`_continue`, `_default`). */
function fieldName(property: string, names: readonly string[]): string {
  return names.includes(property) ? property : property.replace(/^_/, '');
}
