// One operation in the form of OpenAPI v2 or v3, as Kubernetes documents it: id, action, kind, parameters, body, answers.
import type { KindDefinition } from '../../api/schema/kind.ts';
import { DELETE_OPTIONS, operationGroup, type GroupVersionKind } from './definition-names.ts';
import { reference, type Definition, type Dialect } from './definitions.ts';
import { queryParameters, type Action } from './parameters.ts';

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

/** What an operation is, whatever the dialect. */
export interface Operation {
  readonly method: Method;
  readonly action: Action;
  /** The first word of the operation's id. */
  readonly word: string;
  /** Between the version and the rest of the id. */
  readonly infix: string;
  readonly suffix: string;
  readonly description: string;
  readonly kind: GroupVersionKind;
  readonly body?: string;
  readonly answer: string;
  readonly created: boolean;
}

const PATCH_TYPES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const TYPES: readonly string[] = ['application/json', 'application/yaml'];
const STREAMS: readonly string[] = ['application/json;stream=watch'];

/** The operation of `path`, which belongs to `kind`. */
export function renderOperation(
  kind: KindDefinition,
  path: string,
  operation: Operation,
  dialect: Dialect,
): Definition {
  const { type } = kind;
  const group = operationGroup(type.group);
  const tag = `${group}_${type.version}`;
  const groupVersion = capital(group) + capital(type.version);
  const scope = path.includes('{namespace}') ? 'Namespaced' : '';
  const id = `${operation.word}${groupVersion}${operation.infix}${scope}${type.kind}${operation.suffix}`;
  const consumes = operation.action === 'patch' ? PATCH_TYPES : TYPES;
  const produces = operation.action === 'list' ? [...TYPES, ...STREAMS] : TYPES;
  const answer = answerSchema(operation.answer, dialect);
  const extensions = { 'x-kubernetes-action': operation.action, 'x-kubernetes-group-version-kind': operation.kind };
  const shared = { description: operation.description, operationId: id, tags: [tag] };
  const parameters = queryParameters(operation.action, dialect);
  const codes: readonly (readonly [string, string])[] = operation.created
    ? [
        ['200', 'OK'],
        ['201', 'Created'],
      ]
    : [['200', 'OK']];
  if (dialect === 'v2') {
    const schema = operation.body === undefined ? undefined : reference(operation.body, dialect);
    const body =
      schema === undefined ? [] : [{ name: 'body', in: 'body', required: operation.body !== DELETE_OPTIONS, schema }];
    return {
      ...shared,
      consumes: operation.body === undefined && operation.method === 'get' ? ['*/*'] : consumes,
      produces,
      schemes: ['https'],
      parameters: [...body, ...parameters],
      responses: {
        ...responses(codes, (description) => ({ description, schema: answer })),
        401: { description: 'Unauthorized' },
      },
      ...extensions,
    };
  }
  const content = (types: readonly string[], schema: Definition): Definition =>
    Object.fromEntries(types.map((media) => [media, { schema }]));
  return {
    ...shared,
    parameters,
    ...(operation.body !== undefined && {
      requestBody: {
        content: content(operation.action === 'patch' ? consumes : ['*/*'], reference(operation.body, dialect)),
        ...(operation.body !== DELETE_OPTIONS && { required: true }),
      },
    }),
    responses: {
      ...responses(codes, (description) => ({ description, content: content(produces, answer) })),
      401: { description: 'Unauthorized' },
    },
    ...extensions,
  };
}

function responses(
  codes: readonly (readonly [string, string])[],
  make: (description: string) => Definition,
): Definition {
  return Object.fromEntries(codes.map(([code, description]) => [code, make(description)]));
}

function answerSchema(name: string, dialect: Dialect): Definition {
  return name === '' ? { type: 'string' } : reference(name, dialect);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
