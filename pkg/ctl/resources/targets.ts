// What the arguments of a command mean: `pods`, `pod x y`, `pods,svc`, `pod/x svc/y`, `-f file`, `-l a=b`, `--all`. The
// rules and sentences are those of kubectl's resource builder.
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { namespaceOf, nameOf, put, text } from '../objects/access.ts';
import type { ApiResource, Resources } from '../rest/resources.ts';
import { UnknownKindError } from '../rest/resources.ts';
import type { Session } from '../rest/session.ts';
import { labelPredicate } from '../values/label-selector.ts';
import { readManifests } from './manifests.ts';

export type Target =
  | { readonly kind: 'named'; readonly resource: ApiResource; readonly namespace: string; readonly name: string }
  | {
      readonly kind: 'collection';
      readonly resource: ApiResource;
      /** Empty: all namespaces, or cluster-scoped. */
      readonly namespace: string;
      readonly labelSelector: string;
      readonly fieldSelector: string;
    }
  | {
      readonly kind: 'manifest';
      readonly resource: ApiResource;
      readonly namespace: string;
      readonly name: string;
      readonly object: JsonObject;
      readonly source: string;
    };

export type ManifestTarget = Extract<Target, { kind: 'manifest' }>;

export interface TargetRequest {
  readonly args: readonly string[];
  readonly filenames?: readonly string[];
  readonly recursive?: boolean;
  readonly kustomize?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly allNamespaces?: boolean;
  /** `--all`, and commands for which a bare type means all of it. */
  readonly everything?: boolean;
  /** `pods` alone is enough. */
  readonly bareTypeMeansAll?: boolean;
  /** Whether manifests are checked before they are decoded. */
  readonly validate?: boolean;
  /** Types for arguments that name none (`exec x`, `rollout status`). */
  readonly defaultType?: string;
}

export interface TargetReading {
  readonly targets: readonly Target[];
  /** Arguments and documents that mean nothing; the others are still good. */
  readonly failures: readonly unknown[];
}

export const NO_RESOURCE = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

export async function readTargets(request: TargetRequest, context: Context): Promise<TargetReading> {
  const filenames = request.filenames ?? [];
  if ((request.kustomize ?? '') !== '')
    throw new Failure('-k is not supported: build the kustomization first and pass it with -f -');
  if (filenames.length > 0) {
    const reading = await manifestTargets(request, context);
    if (request.args.length > 0)
      throw new Failure(
        'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
      );
    return reading;
  }
  const args = request.args;
  const session = await context.session();
  if (args.length === 0) throw new Failure(NO_RESOURCE);
  const resources = await session.api.resources();
  const namespaceFor = (resource: ApiResource) =>
    resource.namespaced && request.allNamespaces !== true ? session.namespace : '';
  const hasSelector = (request.labelSelector ?? '') !== '' || (request.fieldSelector ?? '') !== '';

  if (args.some((argument) => argument.includes('/'))) {
    const program = context.program;
    if (!args.every((argument) => argument.includes('/')))
      throw new Failure(
        `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. '${program} get resource/<resource_name>' instead of '${program} get resource resource/<resource_name>'`,
      );
    if (hasSelector) throw new Failure('name cannot be provided when a selector is specified');
    const pairs = args.flatMap((argument) => splitTuple(argument));
    if (request.allNamespaces === true)
      throw new Failure('a resource cannot be retrieved by name across all namespaces');
    return {
      targets: pairs.map(({ type, name }) => {
        const resource = resources.require(type);
        return { kind: 'named', resource, name, namespace: namespaceFor(resource) };
      }),
      failures: [],
    };
  }

  const untyped =
    request.defaultType !== undefined && (args.length === 0 || resources.find(args[0] ?? '') === undefined);
  const types = untyped ? [request.defaultType ?? ''] : typesOf(args[0] ?? '', resources);
  const names = untyped ? args : args.slice(1);
  if (hasSelector || (names.length === 0 && (request.bareTypeMeansAll === true || request.everything === true))) {
    if (names.length > 0) throw new Failure('name cannot be provided when a selector is specified');
    return {
      targets: types.map((type) => {
        const resource = resources.require(type);
        return {
          kind: 'collection',
          resource,
          namespace: namespaceFor(resource),
          labelSelector: request.labelSelector ?? '',
          fieldSelector: request.fieldSelector ?? '',
        };
      }),
      failures: [],
    };
  }
  if (names.length === 0) throw new Failure('resource(s) were provided, but no name was specified');
  if (request.everything === true) throw new Failure("setting 'all' parameter but found a non empty selector. ");
  if (request.allNamespaces === true && types.some((type) => resources.require(type).namespaced))
    throw new Failure('a resource cannot be retrieved by name across all namespaces');
  return {
    targets: types.flatMap((type) => {
      const resource = resources.require(type);
      return names.map((name): Target => ({ kind: 'named', resource, name, namespace: namespaceFor(resource) }));
    }),
    failures: [],
  };
}

function splitTuple(argument: string): { type: string; name: string }[] {
  const parts = argument.split('/');
  const [types = '', name = ''] = parts;
  if (parts.length > 2) throw new Failure('arguments in resource/name form may not have more than one slash');
  if (parts.length !== 2 || types === '' || name === '')
    throw new Failure('arguments in resource/name form must have a single resource and name');
  if (types.includes(',')) throw new Failure('arguments in resource/name form must have a single resource and name');
  return [{ type: types, name }];
}

/** `pods,svc` and categories such as `all`, taken apart; each once. */
function typesOf(argument: string, resources: Resources): string[] {
  const types = argument.split(',').flatMap((type) => {
    const category = resources.inCategory(type);
    return category.length > 0
      ? category.map((resource) =>
          resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`,
        )
      : [type];
  });
  return [...new Set(types)];
}

async function manifestTargets(request: TargetRequest, context: Context): Promise<TargetReading> {
  const labelSelector = request.labelSelector ?? '';
  const reading = await readManifests(
    request.filenames ?? [],
    request.recursive ?? false,
    context,
    request.validate ?? false,
  );
  const targets: ManifestTarget[] = [];
  const failures: unknown[] = [...reading.failures];
  if (reading.manifests.length === 0) return { targets, failures };
  const session = await context.session();
  const resources = await session.api.resources();
  const matches = labelSelector === '' ? () => true : labelPredicate(labelSelector);
  for (const { object, source } of reading.manifests) {
    if (!matches(object)) continue;
    try {
      targets.push(manifestTarget(object, source, session, resources));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    }
  }
  return { targets, failures };
}

function manifestTarget(object: JsonObject, source: string, session: Session, resources: Resources): ManifestTarget {
  const resource = resourceOf(object, source, resources);
  const own = namespaceOf(object);
  if (!resource.namespaced) return { kind: 'manifest', resource, namespace: '', name: nameOf(object), object, source };
  if (session.namespaceForced && own !== '' && own !== session.namespace)
    throw new Failure(
      `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(session.namespace)}. You must pass '--namespace=${own}' to perform this operation.`,
    );
  const namespace = own === '' ? session.namespace : own;
  if (own === '') put(object, ['metadata', 'namespace'], namespace);
  return { kind: 'manifest', resource, namespace, name: nameOf(object), object, source };
}

function resourceOf(object: JsonObject, source: string, resources: Resources): ApiResource {
  try {
    return resources.forKind(text(object, 'apiVersion'), text(object, 'kind'));
  } catch (cause) {
    if (!(cause instanceof UnknownKindError)) throw cause;
    throw new Failure(
      `resource mapping not found for name: ${JSON.stringify(nameOf(object))} namespace: ${JSON.stringify(namespaceOf(object))} from ${JSON.stringify(source)}: ${cause.message}\nensure CRDs are installed first`,
      { cause },
    );
  }
}
