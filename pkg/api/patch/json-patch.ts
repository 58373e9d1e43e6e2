// JSON Patch (RFC 6902) with the ways of the Go library that Kubernetes uses (evanphx/json-patch v4): negative indices count
// from the end, a missing member reads as null, `replace` of a missing member adds it, the text before the first slash of a
// path is not looked at. The document given in is never changed: only what lies on the path of an operation is copied.
import { isRecord } from '../schema/decode-walk.ts';

/** Kubernetes' limit on operations in one patch. */
export const MAX_OPERATIONS = 10_000;

export class JsonPatchFault extends Error {
  override readonly name = 'JsonPatchFault';
}

export interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** Applies all operations or throws JsonPatchFault. */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  const patching = new Patching(document);
  for (const operation of operations) patching.apply(operation);
  return patching.root;
}

type Container = Record<string, unknown> | unknown[];

class Patching {
  root: unknown;
  /** Containers that this patch made and may change in place. */
  readonly #own = new WeakSet<object>();

  constructor(document: unknown) {
    this.root = document;
  }

  apply({ op, path, from, value }: Operation): void {
    switch (op) {
      case 'add':
        return this.#add(text(path, 'path'), value);
      case 'remove':
        return this.#remove(text(path, 'path'));
      case 'replace':
        return this.#replace(text(path, 'path'), value);
      case 'move': {
        const source = text(from, 'from');
        const moved = this.#get(source);
        this.#remove(source);
        return this.#add(text(path, 'path'), moved);
      }
      case 'copy':
        return this.#add(text(path, 'path'), structuredClone(this.#get(text(from, 'from'))));
      case 'test':
        return this.#test(text(path, 'path'), value);
      default:
        throw new JsonPatchFault(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
    }
  }

  #add(path: string, value: unknown): void {
    const { container, key } = this.#locate(path, true);
    if (!Array.isArray(container)) {
      setMember(container, key, value ?? null);
      return;
    }
    if (key === '-') container.push(value ?? null);
    else container.splice(position(key, container.length + 1), 0, value ?? null);
  }

  #remove(path: string): void {
    const { container, key } = this.#locate(path, true);
    if (Array.isArray(container)) {
      container.splice(position(key, container.length), 1);
      return;
    }
    if (!Object.hasOwn(container, key)) throw new JsonPatchFault(`Unable to remove nonexistent key: ${key}`);
    delete container[key];
  }

  #replace(path: string, value: unknown): void {
    if (path === '') {
      if (typeof value !== 'object' || value === null) {
        throw new JsonPatchFault('replace operation value must be object or array');
      }
      this.root = value;
      return;
    }
    const { container, key } = this.#locate(path, true);
    if (Array.isArray(container)) container[position(key, container.length)] = value ?? null;
    else setMember(container, key, value ?? null);
  }

  #test(path: string, value: unknown): void {
    const found = path === '' ? this.root : this.#get(path);
    if (!isEqual(found ?? null, value ?? null)) throw new JsonPatchFault(`testing value ${path} failed`);
  }

  #get(path: string): unknown {
    const { container, key } = this.#locate(path, false);
    return Array.isArray(container) ? container[position(key, container.length)] : member(container, key);
  }

  /** Finds what the last step of `path` is taken in; with `change`, everything on the way is made this patch's own. */
  #locate(path: string, change: boolean): { container: Container; key: string } {
    const steps = path.split('/').slice(1).map(unescapeStep);
    const key = steps.pop();
    if (key === undefined) throw new JsonPatchFault(`doc is missing path: "${path}"`);
    let container = this.#container(this.root, path);
    if (change) {
      container = this.#ownCopy(container);
      this.root = container;
    }
    for (const step of steps) {
      const index = Array.isArray(container) ? position(step, container.length) : step;
      let next = this.#container(Array.isArray(container) ? container[Number(index)] : member(container, step), path);
      if (change) {
        next = this.#ownCopy(next);
        if (Array.isArray(container)) container[Number(index)] = next;
        else setMember(container, step, next);
      }
      container = next;
    }
    return { container, key };
  }

  #container(value: unknown, path: string): Container {
    if (Array.isArray(value) || isRecord(value)) return value;
    throw new JsonPatchFault(`doc is missing path: "${path}"`);
  }

  #ownCopy(container: Container): Container {
    if (this.#own.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#own.add(copy);
    return copy;
  }
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new JsonPatchFault(`operation missing ${name} field`);
  return value;
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A list position below `length`; negative ones count from the end. */
function position(step: string, length: number): number {
  if (!/^[+-]?\d+$/.test(step)) throw new JsonPatchFault(`value was not a proper array index: '${step}'`);
  const index = Number(step);
  if (index >= length || index < -length) throw new JsonPatchFault(`Unable to access invalid index: ${index}`);
  return index < 0 ? index + length : index;
}

function member(container: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

/** Also for a key such as `__proto__`, which must become a member like any other. */
function setMember(container: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether two JSON values say the same, whatever the order of their keys. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(Reflect.get(a, key), Reflect.get(b, key)));
}
