// One change of one object as watchers see it. What a watcher is told depends on its selector: an object may enter or leave
// it without being made or removed. Frames (the encoded lines) are made once per kind of view and shared by all watchers.
import type { Revision } from '../../storage/store.ts';
import type { Encoded } from '../request.ts';
import type { CachedObject } from './cached-object.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchView {
  readonly type: EventType;
  readonly object: CachedObject;
  readonly frame: Encoded;
}

const SUFFIX = Buffer.from('}\n');
const PREFIX: Readonly<Record<EventType, Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};

export class CacheEvent {
  readonly namespace: string;
  readonly revision: Revision;
  readonly current: CachedObject | undefined;
  readonly previous: CachedObject | undefined;
  /** When it was applied; decides how long it is kept. */
  readonly at: number;
  #views: { ADDED?: WatchView; MODIFIED?: WatchView; DELETED?: WatchView } = {};

  constructor(change: {
    namespace: string;
    revision: Revision;
    current: CachedObject | undefined;
    previous: CachedObject | undefined;
    at: number;
  }) {
    this.namespace = change.namespace;
    this.revision = change.revision;
    this.current = change.current;
    this.previous = change.previous;
    this.at = change.at;
  }

  /** What a watcher with this selector is told; undefined: nothing. */
  viewFor(selects: (object: CachedObject) => boolean): WatchView | undefined {
    const { current, previous } = this;
    const before = previous !== undefined && selects(previous);
    if (current !== undefined && selects(current)) return this.#view(before ? 'MODIFIED' : 'ADDED', current);
    return before ? this.#view('DELETED', previous) : undefined;
  }

  /** Old events are rarely replayed: their encoded frames need not stay. */
  dropFrames(): void {
    this.#views = {};
  }

  #view(type: EventType, object: CachedObject): WatchView {
    const known = this.#views[type];
    if (known !== undefined) return known;
    const view = viewOf(type, type === 'DELETED' ? object.at(this.revision) : object);
    this.#views[type] = view;
    return view;
  }
}

export function viewOf(type: EventType, object: CachedObject): WatchView {
  return { type, object, frame: new ObjectFrame(type, object) };
}

class ObjectFrame implements Encoded {
  readonly #type: EventType;
  readonly #object: CachedObject;
  #bytes: Buffer | undefined;

  constructor(type: EventType, object: CachedObject) {
    this.#type = type;
    this.#object = object;
  }

  get value(): unknown {
    return { type: this.#type, object: this.#object.value };
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.concat([PREFIX[this.#type], this.#object.bytes, SUFFIX]);
    return this.#bytes;
  }
}
