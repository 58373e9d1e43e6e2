// JSON Merge Patch (RFC 7386): maps are merged, null takes a member away, everything else replaces what was there.
import { isRecord } from '../../api/schema/decode-walk.ts';

/** The merged document; neither argument is changed, and the result shares what was not touched. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(isRecord(document) ? Object.entries(document) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
