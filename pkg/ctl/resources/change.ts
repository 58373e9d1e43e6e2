// Changing live objects: the shared way of label, annotate, set, taint and cordon. Each object is copied, changed by a
// pure step, compared, and the difference is sent as a patch.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { mergePatchBetween } from '../apply/json-merge.ts';
import { twoWayPatch } from '../apply/last-applied.ts';
import type { Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import type { DryRun, FieldValidation } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, text } from '../objects/access.ts';
import type { Api } from '../rest/api.ts';
import type { Info, InfoReading } from './infos.ts';
import { liveInfos } from './infos.ts';
import { readManifests } from './manifests.ts';
import type { TargetRequest } from './targets.ts';

export interface ChangeRequest {
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  /** Objects come from files and are only printed. */
  readonly local?: boolean;
  /** Merge patches for metadata, strategic ones for lists. */
  readonly type: 'merge' | 'strategic';
  readonly fieldValidation?: FieldValidation;
}

export type Change =
  | { readonly changed: false; readonly object: JsonObject }
  | { readonly changed: true; readonly object: JsonObject };

/** Objects that arguments name, or with `local` those in the files as they are. */
export async function infosToChange(request: TargetRequest, local: boolean, context: Context): Promise<InfoReading> {
  if (!local) return liveInfos(request, context);
  if (request.args.length > 0 || (request.filenames ?? []).length === 0)
    throw new Failure('when --local is specified, only -f, --filename is allowed');
  const { manifests, failures } = await readManifests(request.filenames ?? [], request.recursive ?? false, context);
  return { infos: manifests.map(({ object, source }) => localInfo(object, source)), failures };
}

function localInfo(object: JsonObject, source: string): Info {
  const apiVersion = text(object, 'apiVersion');
  const slash = apiVersion.indexOf('/');
  const kind = text(object, 'kind');
  return {
    resource: {
      group: slash < 0 ? '' : apiVersion.slice(0, slash),
      version: apiVersion.slice(slash + 1),
      resource: `${kind.toLowerCase()}s`,
      singular: kind.toLowerCase(),
      kind,
      namespaced: true,
      shortNames: [],
      categories: [],
      verbs: [],
      preferred: true,
      subresources: [],
    },
    namespace: namespaceOf(object),
    name: nameOf(object),
    object,
    source,
  };
}

/** Applies `step` to a copy and sends what it changed. */
export async function changeObject(
  info: Info,
  step: (copy: JsonObject) => void,
  request: ChangeRequest,
  api: () => Promise<Api>,
): Promise<Change> {
  const after = structuredClone(info.object);
  step(after);
  if (isDeepStrictEqual(info.object, after)) return { changed: false, object: info.object };
  if (request.dryRun === 'client' || request.local === true) return { changed: true, object: after };
  const { type, patch } =
    request.type === 'merge'
      ? { type: 'merge' as const, patch: mergePatchBetween(info.object, after) }
      : twoWayPatch(info.object, after);
  const object = await (
    await api()
  ).patch({ resource: info.resource, namespace: info.namespace, name: info.name }, type, patch, {
    fieldManager: request.fieldManager,
    dryRun: request.dryRun === 'server' ? 'All' : undefined,
    fieldValidation: request.fieldValidation,
  });
  return { changed: true, object };
}

/** Splits `pods x a=1 b-`: resources first, then assignments and removals. */
export function splitAssignments(args: readonly string[], noun: string): { resources: string[]; changes: string[] } {
  const resources: string[] = [];
  const changes: string[] = [];
  for (const argument of args) {
    const isChange = argument.indexOf('=') > 0 || (argument.endsWith('-') && argument !== '-');
    if (isChange) changes.push(argument);
    else if (changes.length > 0)
      throw new Failure(`all resources must be specified before ${noun} changes: ${argument}`);
    else resources.push(argument);
  }
  return { resources, changes };
}
