// What every kind of write needs, and the steps that creates and updates have in common.
import { invalid, type ApiError, type FieldError } from '../../api/meta/status.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { StrategyContext } from '../../api/schema/kind.ts';
import type { Clock, Instant, Random } from '../../clock/clock.ts';
import type { AdmissionChain, AdmissionRequest, Operation } from '../admission/admission.ts';
import { badRequest } from '../http-errors.ts';
import type { UserInfo } from '../request.ts';
import type { Committer } from './committer.ts';
import type { Reader } from './reader.ts';
import type { ServedKind } from './served-kind.ts';
import type { WriteOptions } from './write-options.ts';

/** What a write holds while it is under way, such as a Service's addresses. */
export interface Reservation {
  /** The write is on disk. */
  commit(): void;
  /** The write did not happen. */
  cancel(): void;
}

export interface HookChange {
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
}

/** What must happen around the writes of one resource besides storing it. */
export interface ResourceHook {
  /** Before validation; may fill in the object. Throws ApiError to refuse. */
  begin(change: HookChange): Promise<Reservation>;
  /** After the object is gone. */
  removed(object: KubeObject): void;
}

export interface WriteParts {
  readonly reader: Reader;
  readonly committer: Committer;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  readonly random: Random;
  /** By `resource.group`, or `resource` of the core group. */
  readonly hooks: ReadonlyMap<string, ResourceHook>;
}

/** One write request: who asks for what, with which options. */
export interface WriteContext {
  readonly served: ServedKind;
  readonly namespace: string;
  /** '' for a create. */
  readonly name: string;
  readonly subresource: string;
  readonly user: UserInfo;
  /** Owner of the fields that this request writes. */
  readonly manager: string;
  readonly options: WriteOptions;
  /** Sentences for the Warning header; grows while the request is handled. */
  readonly warnings: string[];
}

export const NO_RESERVATION: Reservation = { commit: () => undefined, cancel: () => undefined };

export function strategyContext(context: WriteContext, now: Instant): StrategyContext {
  return { now, user: context.user };
}

export function admissionRequest(
  context: WriteContext,
  operation: Operation,
  now: Instant,
  objects: { object: KubeObject | undefined; old: KubeObject | undefined },
): AdmissionRequest {
  const { served, subresource, namespace, name, user, options, warnings } = context;
  const warn = (text: string) => addWarning(warnings, text);
  return { operation, served, subresource, namespace, name, user, dryRun: options.dryRun, now, warn, ...objects };
}

/** The namespace is the path's, '' for what has none. */
export function settleNamespace(metadata: { namespace?: string }, namespace: string): void {
  if (namespace === '') delete metadata.namespace;
  else if (!metadata.namespace) metadata.namespace = namespace;
  else if (metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** The same sentence twice helps nobody. */
export function addWarning(warnings: string[], text: string): void {
  if (!warnings.includes(text)) warnings.push(text);
}

export function hookOf(parts: WriteParts, served: ServedKind): ResourceHook | undefined {
  if (parts.hooks.size === 0) return undefined;
  const { group, resource } = served.definition.type;
  return parts.hooks.get(group === '' ? resource : `${resource}.${group}`);
}

export function throwIfInvalid(served: ServedKind, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(served, name, errors);
}

export function invalidObject(served: ServedKind, name: string, errors: readonly FieldError[]): ApiError {
  const error = invalid({ group: served.definition.type.group, kind: served.definition.type.kind, name }, errors);
  if (name === '') delete error.status.details?.name;
  return error;
}

const DUPLICATE_OWNERS =
  '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ';

/** Equal owner references are stored once, with a warning. */
export function dropDuplicateOwners(object: KubeObject, warnings: string[]): void {
  const owners = object.metadata.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const seen = new Map(owners.map((owner) => [JSON.stringify(owner), owner]));
  if (seen.size === owners.length) return;
  const uids = owners.map(({ uid }) => uid);
  const repeated = [...new Set(uids.filter((uid, index) => uids.indexOf(uid) !== index))];
  object.metadata.ownerReferences = [...seen.values()];
  addWarning(warnings, `${DUPLICATE_OWNERS}[${repeated.join(' ')}]`);
}

/** Runs `work` with the object's status out of sight: fields that a request cannot set are nobody's. */
export function withoutStatus(
  object: KubeObject & { status?: unknown },
  old: { status?: unknown } | undefined,
  work: () => void,
): void {
  const { status } = object;
  if (old?.status === undefined) delete object.status;
  else object.status = old.status;
  work();
  if (status === undefined) delete object.status;
  else object.status = status;
}

export function hasStatus(served: ServedKind): boolean {
  return served.definition.subresources.some(({ name }) => name === 'status');
}
