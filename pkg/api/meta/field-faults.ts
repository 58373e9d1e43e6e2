// Collects what validation finds wrong, with the path of the field. Paths are spelt out only when something is wrong, so
// that validating a good object costs no strings. The wording is k8s.io/apimachinery/pkg/util/validation/field's.
import type { FieldError } from './status.ts';

/** A field's name, a position in a list, or a key of a map as `key()` writes it. */
export type Segment = string | number;

/** A map key as a path segment: `labels[app]`. */
export function key(name: string): Segment {
  return `[${name}]`;
}

export class Faults {
  readonly errors: FieldError[] = [];
  readonly #path: Segment[] = [];

  /** Runs a check with the path one deeper. */
  at(segment: Segment, check: () => void): void {
    this.#path.push(segment);
    check();
    this.#path.pop();
  }

  /** Runs a check for every item of a list, which may be absent. */
  each<T>(segment: Segment, items: readonly T[] | null | undefined, check: (item: T, index: number) => void): void {
    if (items === undefined || items === null || items.length === 0) return;
    this.#path.push(segment, 0);
    const depth = this.#path.length - 1;
    items.forEach((item, index) => {
      this.#path[depth] = index;
      check(item, index);
    });
    this.#path.length = depth - 1;
  }

  /** Runs a check for every entry of a map, which may be absent. */
  eachEntry<T>(
    segment: Segment,
    map: Readonly<Record<string, T>> | undefined,
    check: (value: T, key: string) => void,
  ): void {
    if (map === undefined) return;
    for (const name of Object.keys(map)) {
      const value = map[name];
      if (value === undefined) continue;
      this.#path.push(segment, key(name));
      check(value, name);
      this.#path.length -= 2;
    }
  }

  required(segments: Segment | readonly Segment[], detail = ''): void {
    this.#add('Required', segments, detail === '' ? 'Required value' : `Required value: ${detail}`);
  }

  invalid(segments: Segment | readonly Segment[], value: unknown, detail: string): void {
    this.#add('Invalid', segments, `Invalid value: ${showValue(value)}${detail === '' ? '' : `: ${detail}`}`);
  }

  /** One `invalid` per fault found in a text. */
  invalidAll(segments: Segment | readonly Segment[], value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(segments, value, detail);
  }

  /** `supported` is listed as given: Kubernetes sorts most of these lists, but not all. */
  notSupported(segments: Segment | readonly Segment[], value: unknown, supported: readonly string[]): void {
    const list = supported.map((text) => JSON.stringify(text));
    const detail = list.length === 0 ? '' : `: supported values: ${list.join(', ')}`;
    this.#add('NotSupported', segments, `Unsupported value: ${showValue(value)}${detail}`);
  }

  duplicate(segments: Segment | readonly Segment[], value: unknown, detail = ''): void {
    this.#add('Duplicate', segments, `Duplicate value: ${showValue(value)}${detail === '' ? '' : `: ${detail}`}`);
  }

  forbidden(segments: Segment | readonly Segment[], detail: string): void {
    this.#add('Forbidden', segments, detail === '' ? 'Forbidden' : `Forbidden: ${detail}`);
  }

  notFound(segments: Segment | readonly Segment[], value: unknown, detail = ''): void {
    this.#add('NotFound', segments, `Not found: ${showValue(value)}${detail === '' ? '' : `: ${detail}`}`);
  }

  tooLong(segments: Segment | readonly Segment[], bytes: number): void {
    this.#add('TooLong', segments, `Too long: may not be more than ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`);
  }

  tooMany(segments: Segment | readonly Segment[], actual: number, most: number): void {
    this.#add('TooMany', segments, `Too many: ${actual}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`);
  }

  #add(type: FieldError['type'], segments: Segment | readonly Segment[], body: string): void {
    const tail = typeof segments === 'object' ? segments : segments === '' ? [] : [segments];
    this.errors.push({ type, field: formatPath([...this.#path, ...tail]), body });
  }
}

/** `spec.containers[0].name`. */
export function formatPath(segments: readonly Segment[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (segment.startsWith('[')) path += segment;
    else path += path === '' ? segment : `.${segment}`;
  }
  return path;
}

/** Texts in quotes, everything else as JSON; absent is null. */
export function showValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

export const IMMUTABLE = 'field is immutable';
export const NOT_NEGATIVE = 'must be greater than or equal to 0';
