// The paths of the API and which operations each has, for resources, their collections and their subresources.
import type { KindDefinition, SubresourceDefinition } from '../../api/schema/kind.ts';
import {
  definitionName,
  DELETE_OPTIONS,
  listTypeOf,
  PATCH,
  STATUS,
  type GroupVersionKind,
} from './definition-names.ts';
import type { Definition, Dialect } from './definitions.ts';
import { renderOperation, type Operation } from './operation-form.ts';
import { pathParameters } from './parameters.ts';

/** All paths of one kind. */
export function pathsOf(kind: KindDefinition, dialect: Dialect): Record<string, Definition> {
  const { type } = kind;
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const collection = `${root}/${type.namespaced ? 'namespaces/{namespace}/' : ''}${type.resource}`;
  const item = `${collection}/{name}`;
  const paths: [string, Definition][] = [
    [collection, pathItem(kind, collection, collectionOperations(kind), dialect)],
    [item, pathItem(kind, item, itemOperations(kind), dialect)],
  ];
  if (type.namespaced && kind.verbs.includes('list')) {
    const all = `${root}/${type.resource}`;
    const list = { ...listOperation(kind), infix: '', suffix: 'ForAllNamespaces' };
    paths.push([all, pathItem(kind, all, [list], dialect)]);
  }
  for (const subresource of kind.subresources) {
    const path = `${item}/${subresource.name}`;
    paths.push([path, pathItem(kind, path, subresourceOperations(kind, subresource), dialect)]);
  }
  return Object.fromEntries(paths.filter(([, operations]) => Object.keys(operations).length > 1));
}

function listOperation(kind: KindDefinition): Operation {
  return {
    method: 'get',
    action: 'list',
    word: 'list',
    infix: '',
    suffix: '',
    description: `list or watch objects of kind ${kind.type.kind}`,
    kind: gvk(kind),
    answer: definitionName(listTypeOf(kind)),
    created: false,
  };
}

function collectionOperations(kind: KindDefinition): Operation[] {
  const own = definitionName(kind.schema);
  const shared = { infix: '', suffix: '', kind: gvk(kind), created: false };
  const name = kind.type.kind;
  const all: (Operation & { readonly verb: string })[] = [
    { ...listOperation(kind), verb: 'list' },
    {
      ...shared,
      verb: 'create',
      method: 'post',
      action: 'post',
      word: 'create',
      description: `create ${article(name)} ${name}`,
      body: own,
      answer: own,
      created: true,
    },
    {
      ...shared,
      verb: 'deletecollection',
      method: 'delete',
      action: 'deletecollection',
      word: 'delete',
      infix: 'Collection',
      description: `delete collection of ${name}`,
      body: DELETE_OPTIONS,
      answer: STATUS,
    },
  ];
  return all.filter(({ verb }) => kind.verbs.some((served) => served === verb));
}

function itemOperations(kind: KindDefinition): Operation[] {
  const own = definitionName(kind.schema);
  const shared = { infix: '', suffix: '', kind: gvk(kind), created: false, answer: own };
  const name = kind.type.kind;
  const all: (Operation & { readonly verb: string })[] = [
    { ...shared, verb: 'get', method: 'get', action: 'get', word: 'read', description: `read the specified ${name}` },
    {
      ...shared,
      verb: 'update',
      method: 'put',
      action: 'put',
      word: 'replace',
      description: `replace the specified ${name}`,
      body: own,
      created: true,
    },
    {
      ...shared,
      verb: 'delete',
      method: 'delete',
      action: 'delete',
      word: 'delete',
      description: `delete ${article(name)} ${name}`,
      body: DELETE_OPTIONS,
      answer: STATUS,
    },
    {
      ...shared,
      verb: 'patch',
      method: 'patch',
      action: 'patch',
      word: 'patch',
      description: `partially update the specified ${name}`,
      body: PATCH,
      created: true,
    },
  ];
  return all.filter(({ verb }) => kind.verbs.some((served) => served === verb));
}

/** Verbs of subresources are either those of objects or, for streams, plain methods. */
function subresourceOperations(kind: KindDefinition, subresource: SubresourceDefinition): Operation[] {
  const { name } = subresource;
  const target = subresource.kind;
  const answer = answerOf(kind, subresource);
  const shared = {
    infix: '',
    suffix: name.charAt(0).toUpperCase() + name.slice(1),
    kind: { group: target.group, version: target.version, kind: target.kind },
    created: false,
    answer,
  };
  const what = `${name} of the specified ${kind.type.kind}`;
  const stream = subresource.verbs.includes('post');
  const all: (Operation & { readonly verb: string })[] = [
    {
      ...shared,
      verb: 'get',
      method: 'get',
      action: stream ? 'connect' : 'get',
      word: stream ? 'connectGet' : 'read',
      description: stream ? `connect GET requests to ${what}` : `read ${what}`,
    },
    {
      ...shared,
      verb: 'post',
      method: 'post',
      action: 'connect',
      word: 'connectPost',
      description: `connect POST requests to ${what}`,
    },
    {
      ...shared,
      verb: 'create',
      method: 'post',
      action: 'post',
      word: 'create',
      description: `create ${what}`,
      body: answer,
      created: true,
    },
    {
      ...shared,
      verb: 'update',
      method: 'put',
      action: 'put',
      word: 'replace',
      description: `replace ${what}`,
      body: answer,
      created: true,
    },
    {
      ...shared,
      verb: 'patch',
      method: 'patch',
      action: 'patch',
      word: 'patch',
      description: `partially update ${what}`,
      body: PATCH,
      created: true,
    },
  ];
  return all.filter(({ verb }) => subresource.verbs.includes(verb));
}

/** The published type of a subresource's bodies; streams and logs are texts. */
function answerOf(kind: KindDefinition, { name, kind: target, verbs }: SubresourceDefinition): string {
  if (name === 'log' || verbs.includes('post')) return '';
  if (target.kind === kind.type.kind && target.group === kind.type.group) return definitionName(kind.schema);
  const group = target.group === '' ? 'core' : (target.group.split('.')[0] ?? '');
  return definitionName(`${group}.${target.version}.${target.kind}`);
}

function pathItem(kind: KindDefinition, path: string, operations: readonly Operation[], dialect: Dialect): Definition {
  const rendered = operations.map((operation): [string, Definition] => [
    operation.method,
    renderOperation(kind, path, operation, dialect),
  ]);
  return { ...Object.fromEntries(rendered), parameters: pathParameters(path, kind.type.kind, dialect) };
}

function gvk({ type }: KindDefinition): GroupVersionKind {
  return { group: type.group, version: type.version, kind: type.kind };
}

function article(noun: string): string {
  return /^[AEIOU]/.test(noun) ? 'an' : 'a';
}
