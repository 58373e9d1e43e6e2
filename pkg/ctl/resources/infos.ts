// Fetches what targets name, and runs something over each object, going on past failures as kubectl does.
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import type { Context } from '../cli/command.ts';
import { throwCollected } from '../cli/failure.ts';
import { namespaceOf, nameOf, objects, text } from '../objects/access.ts';
import type { Api, Query } from '../rest/api.ts';
import { apiVersionOf, groupKind, type ApiResource } from '../rest/resources.ts';
import { readTargets, type Target, type TargetRequest } from './targets.ts';

/** One object and where it lives. */
export interface Info {
  readonly resource: ApiResource;
  /** Empty when cluster-scoped. */
  readonly namespace: string;
  readonly name: string;
  readonly object: JsonObject;
  /** The manifest's file; empty when it came from the server. */
  readonly source: string;
}

export interface InfoReading {
  readonly infos: readonly Info[];
  readonly failures: readonly unknown[];
}

/** The live objects that the arguments name. A manifest stands for the live object of its name. */
export async function liveInfos(request: TargetRequest, context: Context, limit = 500): Promise<InfoReading> {
  const { targets, failures } = await readTargets(request, context);
  const { api } = await context.session();
  const infos: Info[] = [];
  const failed: unknown[] = [...failures];
  for (const target of targets) {
    try {
      infos.push(...(await fetchTarget(api, target, {}, limit)));
    } catch (error) {
      if (!isApiError(error)) throw error;
      failed.push(error);
    }
  }
  return { infos, failures: failed };
}

export async function fetchTarget(api: Api, target: Target, query: Query = {}, limit = 500): Promise<Info[]> {
  if (target.kind === 'collection') {
    const answer = await listCollection(api, target, query, limit);
    return objects(answer, 'items').map((item) => infoOf(target.resource, withType(item, target.resource)));
  }
  const { resource, namespace, name } = target;
  const object = await api.get({ resource, namespace, name }, query);
  return [{ ...infoOf(resource, object), name, source: target.kind === 'manifest' ? target.source : '' }];
}

/** A collection's list; a refusal says which selectors it was about, as kubectl has it. */
export async function listCollection(
  api: Api,
  target: Extract<Target, { kind: 'collection' }>,
  query: Query,
  limit: number,
  accept?: string,
): Promise<JsonObject> {
  const { resource, namespace, labelSelector, fieldSelector } = target;
  try {
    return await api.list({ resource, namespace, name: '' }, { ...query, labelSelector, fieldSelector }, limit, accept);
  } catch (error) {
    if (isApiError(error, 'BadRequest') || isApiError(error, 'NotFound')) {
      const what = JSON.stringify(`${resource.group}/${resource.version}, Resource=${resource.resource}`);
      const message =
        labelSelector === '' && fieldSelector === ''
          ? `Unable to list ${what}: ${error.message}`
          : `Unable to find ${what} that match label selector ${JSON.stringify(labelSelector)}, field selector ${JSON.stringify(fieldSelector)}: ${error.message}`;
      error.status.message = message;
      error.message = message;
    }
    throw error;
  }
}

/** Items of lists come without apiVersion and kind. */
export function withType(item: JsonObject, resource: ApiResource): JsonObject {
  return text(item, 'kind') === '' ? { apiVersion: apiVersionOf(resource), kind: resource.kind, ...item } : item;
}

export function infoOf(resource: ApiResource, object: JsonObject): Info {
  return { resource, namespace: namespaceOf(object), name: nameOf(object), object, source: '' };
}

/** Runs `step` for each, collects what fails, and throws it at the end together with `failures`. */
export async function visit<T>(
  items: readonly T[],
  step: (item: T) => Promise<void>,
  failures: readonly unknown[] = [],
): Promise<void> {
  const failed: unknown[] = [...failures];
  for (const item of items) {
    try {
      await step(item);
    } catch (error) {
      failed.push(error);
    }
  }
  throwCollected(failed);
}

/** `deployment.apps/x`. */
export function shownName(info: Pick<Info, 'resource' | 'name'>): string {
  return `${groupKind(info.resource)}/${info.name}`;
}

/** An API error with the file it is about in front, as `create -f` and `apply -f` show it. */
export function withSource(verb: string, source: string, error: unknown): unknown {
  if (source === '' || !(error instanceof Error)) return error;
  const message = `error when ${verb} ${JSON.stringify(source)}: ${error.message}`;
  if (isApiError(error)) {
    error.status.message = message;
    error.message = message;
    return error;
  }
  return error;
}
