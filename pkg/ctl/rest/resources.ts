// The resources a server has, and how people name them: plural, singular, short name, kind, with or without version and
// group, in any case. The order of the groups is the server's, so that `events` means the core group's.
import { nearest } from '../cli/suggest.ts';
import { Failure } from '../cli/failure.ts';

export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Whether this is the version that the group prefers for it. */
  readonly preferred: boolean;
  readonly subresources: readonly string[];
}

/** Nobody serves what was asked for. The first line is kubectl's. */
export class UnknownResourceError extends Failure {
  override readonly name = 'UnknownResourceError';
}

export class UnknownKindError extends Failure {
  override readonly name = 'UnknownKindError';
}

export class Resources {
  readonly all: readonly ApiResource[];

  constructor(all: readonly ApiResource[]) {
    this.all = all;
  }

  /** By any name; undefined when the server has no such thing. */
  find(asked: string): ApiResource | undefined {
    for (const { name, group, version } of readings(asked)) {
      const lower = name.toLowerCase();
      const inScope = this.all.filter(
        (candidate) =>
          (group === undefined ||
            candidate.group === group ||
            (version === undefined && candidate.group.startsWith(`${group}.`))) &&
          (version === undefined ? candidate.preferred : candidate.version === version),
      );
      const found =
        inScope.find((candidate) => candidate.resource === lower) ??
        inScope.find((candidate) => candidate.singular === lower) ??
        inScope.find((candidate) => candidate.shortNames.includes(lower)) ??
        inScope.find((candidate) => candidate.kind.toLowerCase() === lower);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Throws UnknownResourceError with kubectl's sentence and, below it, what may have been meant. */
  require(asked: string): ApiResource {
    const found = this.find(asked);
    if (found !== undefined) return found;
    const names = this.all.flatMap((candidate) => [candidate.resource, candidate.singular, ...candidate.shortNames]);
    const near = nearest(
      asked,
      names.filter((name) => name.length > 2),
    );
    const hint = near.length === 0 ? '' : `\nDid you mean: ${near.join(', ')}?`;
    throw new UnknownResourceError(
      `the server doesn't have a resource type ${JSON.stringify(asked.split('.')[0])}${hint}`,
    );
  }

  /** The resource for a manifest's kind; throws UnknownKindError. */
  forKind(apiVersion: string, kind: string): ApiResource {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const found = this.all.find(
      (candidate) => candidate.kind === kind && candidate.group === group && candidate.version === version,
    );
    if (found !== undefined) return found;
    throw new UnknownKindError(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
  }

  /** The resources of a category such as `all`, in the server's order. */
  inCategory(category: string): ApiResource[] {
    return this.all.filter((candidate) => candidate.preferred && candidate.categories.includes(category));
  }
}

/** `deployments.v1.apps` may be resource.version.group or resource.group; both are tried, the fuller one first. */
function readings(asked: string): { name: string; group?: string; version?: string }[] {
  const [name = '', second, ...rest] = asked.split('.');
  if (second === undefined) return [{ name }];
  const answers: { name: string; group?: string; version?: string }[] = [];
  if (rest.length > 0) answers.push({ name, version: second, group: rest.join('.') });
  answers.push({ name, group: [second, ...rest].join('.') });
  return answers;
}

export function groupResource(resource: ApiResource): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** `deployment.apps`, as results name what they are about. */
export function groupKind(resource: ApiResource): string {
  const kind = resource.kind.toLowerCase();
  return resource.group === '' ? kind : `${kind}.${resource.group}`;
}

export function apiVersionOf(resource: ApiResource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
