// PATCH: how each kind of patch makes the next object out of the live one. The rest is an update like any other.
import { ApiError } from '../../api/meta/status.ts';
import type { FieldValidation } from '../../api/schema/decode.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Instant } from '../../clock/clock.ts';
import { readApplied } from '../patch/applied-text.ts';
import { applyServerSide, type AppliedKind } from '../patch/apply.ts';
import {
  APPLY_PATCH,
  decodePatched,
  JSON_PATCH,
  MERGE_PATCH,
  patchObject,
  STRATEGIC_MERGE_PATCH,
} from '../patch/patch.ts';
import type { RequestBody } from '../request.ts';
import { copyJson } from './copy-json.ts';
import { mediaTypeOf } from './request-body.ts';
import type { BodyType } from './request-body.ts';
import type { Next } from './updater.ts';
import { addWarning, type WriteContext } from './write-parts.ts';

const PATCH_TYPES: readonly string[] = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH];

/** Throws 415 for a body that is no patch. */
export function isApply(body: RequestBody | undefined): boolean {
  const type = mediaTypeOf(body?.contentType ?? '');
  if (PATCH_TYPES.includes(type)) return type === APPLY_PATCH;
  throw new ApiError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} });
}

/** The step from the live object to the next for a patch that is no apply. */
export function patchStep(context: WriteContext, body: RequestBody): (live: KubeObject | undefined) => Next {
  const { served, options, warnings } = context;
  const patch = patchOf(body);
  return (live) => {
    const object = patchValue(live, patch, served, body.contentType, options.fieldValidation, warnings);
    return { object };
  };
}

/** Also for bodies that are not stored, such as Scale. */
export function patchValue(
  live: KubeObject | undefined,
  patch: unknown,
  type: BodyType,
  contentType: string,
  fieldValidation: FieldValidation,
  warnings: string[],
): KubeObject {
  const { schema, groupVersionKind } = type;
  const patched = patchObject({ contentType, patch, live, schema, fieldValidation });
  const decoded = decodePatched(patched.object, { contentType, patch }, { schema, groupVersionKind, fieldValidation });
  for (const warning of [...patched.warnings, ...decoded.warnings]) addWarning(warnings, warning);
  // Parts that the patch left alone are still the live object's.
  return copyJson(decoded.object);
}

export function applyStep(
  context: WriteContext,
  body: RequestBody,
  now: Instant,
): (live: KubeObject | undefined) => Next {
  const apply = applier(context, body, now, context.served.definition);
  return (live) => ({ object: apply(live), tracked: true });
}

/** Also for bodies that are not stored, such as Scale. */
export function applier(
  { manager, options, subresource, warnings }: WriteContext,
  body: RequestBody,
  now: Instant,
  kind: AppliedKind,
): (live: KubeObject | undefined) => KubeObject {
  const { force, fieldValidation } = options;
  const configuration = appliedOf(body, fieldValidation, warnings);
  return (live) => {
    const applied = copyJson(configuration);
    return copyJson(applyServerSide({ kind, live, applied, manager, force, subresource, now }).object);
  };
}

export function patchOf(body: RequestBody): unknown {
  return body.form === 'value' ? body.value : textOf(body.bytes);
}

function appliedOf(body: RequestBody, fieldValidation: FieldValidation, warnings: string[]): unknown {
  if (body.form === 'value') return body.value;
  const read = readApplied(textOf(body.bytes), fieldValidation);
  for (const warning of read.warnings) addWarning(warnings, warning);
  // No configuration at all is one that says nothing.
  return read.value ?? {};
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
