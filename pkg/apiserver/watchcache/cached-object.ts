// One object at one revision, as the API server holds it: the parsed value and the bytes that go over the wire. Both are
// made at most once and shared by every GET, LIST and WATCH, so nobody may change the value.
//
// Stored bytes are the object's JSON without resourceVersion and begin `{"kind":K,"apiVersion":V,"metadata":{`; the
// revision is spliced in behind that prefix.
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Revision } from '../../storage/store.ts';
import type { Encoded } from '../request.ts';

const METADATA = Buffer.from('"metadata":{');
const STORED_ORDER = ['kind', 'apiVersion', 'metadata'];
const CLOSING_BRACE = 0x7d;

export class CachedObject implements Encoded {
  readonly key: string;
  readonly revision: Revision;
  #stored: Buffer | undefined;
  #value: KubeObject | undefined;
  #bytes: Buffer | undefined;
  #metadataAt = -1;

  private constructor(key: string, revision: Revision, stored: Buffer, value: KubeObject | undefined) {
    this.key = key;
    this.revision = revision;
    this.#stored = stored;
    this.#value = value;
  }

  /** From the store; parsed only when somebody reads it. */
  static fromStored(key: string, revision: Revision, stored: Uint8Array): CachedObject {
    return new CachedObject(key, revision, asBuffer(stored), undefined);
  }

  /** From a write of this process, which has the value at hand: sets its resourceVersion and takes it over. */
  static fromWrite(key: string, revision: Revision, stored: Buffer, value: KubeObject): CachedObject {
    if (revision > 0) value.metadata.resourceVersion = String(revision);
    return new CachedObject(key, revision, stored, value);
  }

  /** An object that is answered but never stored (dry runs): without a resourceVersion when `revision` is 0. */
  static unstored(value: KubeObject, revision: Revision): CachedObject {
    return CachedObject.fromWrite('', revision, encodeStored(value), value);
  }

  get value(): KubeObject {
    this.#value ??= this.#parse();
    return this.#value;
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#splice();
    return this.#bytes;
  }

  /** Of the part of `bytes` after the opening brace, kind and apiVersion: `"metadata":{...}...}`, as items of lists are. */
  get itemLength(): number {
    const { bytes } = this;
    if (this.#metadataAt < 0) this.#metadataAt = bytes.indexOf(METADATA);
    return bytes.length - this.#metadataAt;
  }

  /** Copies that part to where there is room for it. */
  copyItem(target: Buffer, at: number): void {
    if (this.#metadataAt < 0) this.#metadataAt = this.bytes.indexOf(METADATA);
    this.bytes.copy(target, at, this.#metadataAt);
  }

  /** The same content under another revision: what watchers see of an object that was deleted at that revision. */
  at(revision: Revision): CachedObject {
    const { value } = this;
    const moved = { ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } };
    return new CachedObject(this.key, revision, this.#stored ?? encodeStored(value), moved);
  }

  #parse(): KubeObject {
    // Written by this API server or one like it: the store is trusted to hold objects.
    const value = JSON.parse((this.#stored ?? this.bytes).toString('utf8')) as KubeObject;
    value.metadata.resourceVersion = String(this.revision);
    return value;
  }

  #splice(): Buffer {
    const stored = this.#stored ?? encodeStored(this.value);
    if (this.revision === 0) return stored;
    const end = stored.indexOf(METADATA) + METADATA.length;
    const comma = stored[end] === CLOSING_BRACE ? '' : ',';
    const version = `"resourceVersion":"${this.revision}"${comma}`;
    const bytes = Buffer.allocUnsafe(stored.length + version.length);
    stored.copy(bytes, 0, 0, end);
    bytes.write(version, end, 'latin1');
    stored.copy(bytes, end + version.length, end);
    // From here on the spliced bytes serve every need.
    this.#stored = undefined;
    return bytes;
  }
}

/** The form that goes to the store: kind, apiVersion and metadata first, no resourceVersion. */
export function encodeStored(object: KubeObject): Buffer {
  if (isStoredForm(object)) return Buffer.from(JSON.stringify(object), 'utf8');
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...meta } = metadata;
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata: meta, ...rest }), 'utf8');
}

/** Decoded objects are in this form already, and copying one costs as much as encoding it. */
function isStoredForm(object: KubeObject): boolean {
  let position = 0;
  for (const name in object) {
    if (name !== STORED_ORDER[position]) return false;
    if (++position === STORED_ORDER.length) return object.metadata.resourceVersion === undefined;
  }
  return false;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
