// What a command's flags are, as data: the parser reads these tables, the help prints them, completion lists them, and the
// compiler derives from them the type of the values that a command receives. Semantics are those of Go's pflag.

export type FlagKind = 'string' | 'bool' | 'int' | 'list' | 'array' | 'duration';

export interface FlagSpec<T> {
  /** `list` splits its values at commas, `array` takes each occurrence as it is. */
  readonly kind: FlagKind;
  readonly short?: string;
  readonly default: T;
  readonly help: string;
  /** What the flag means when it stands without `=value`. Such a flag never takes the next argument as its value. */
  readonly bare?: string;
  /** What the help shows as default where it is not the default's plain text. */
  readonly shown?: string;
  readonly hidden?: boolean;
}

/** How many milliseconds; 0 usually means without limit. */
export type Milliseconds = number;

// The tables hold flags of many types; each command's own type is inferred from its table.
export type AnyFlag = FlagSpec<string> | FlagSpec<boolean> | FlagSpec<number> | FlagSpec<readonly string[]>;
export type FlagTable = Readonly<Record<string, AnyFlag>>;
export type FlagValue = string | boolean | number | readonly string[];
export type FlagValues<F extends FlagTable> = {
  readonly [K in keyof F]: F[K] extends FlagSpec<infer T> ? T : never;
};

interface More {
  readonly short?: string;
  readonly bare?: string;
  readonly shown?: string;
  readonly hidden?: boolean;
}

export function stringFlag(help: string, more: More & { readonly default?: string } = {}): FlagSpec<string> {
  return { kind: 'string', help, ...more, default: more.default ?? '' };
}

export function boolFlag(help: string, more: More & { readonly default?: boolean } = {}): FlagSpec<boolean> {
  return { kind: 'bool', help, ...more, bare: 'true', default: more.default ?? false };
}

export function intFlag(help: string, more: More & { readonly default?: number } = {}): FlagSpec<number> {
  return { kind: 'int', help, ...more, default: more.default ?? 0 };
}

/** `more.default` in milliseconds; `shown` is how Go prints it (`20s`, `1m0s`). */
export function durationFlag(help: string, more: More & { readonly default?: Milliseconds } = {}): FlagSpec<number> {
  return { kind: 'duration', help, shown: '0s', ...more, default: more.default ?? 0 };
}

export function listFlag(help: string, more: More = {}): FlagSpec<readonly string[]> {
  return { kind: 'list', help, ...more, default: [] };
}

export function arrayFlag(help: string, more: More = {}): FlagSpec<readonly string[]> {
  return { kind: 'array', help, ...more, default: [] };
}

/** `-o, --output=''` as the help and error messages write it. */
export function flagLabel(name: string, spec: AnyFlag): string {
  return spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
}

export function shownDefault(spec: AnyFlag): string {
  if (spec.shown !== undefined) return spec.shown;
  if (typeof spec.default === 'string') return `'${spec.default}'`;
  if (typeof spec.default === 'object') return `[${spec.default.join(',')}]`;
  return String(spec.default);
}
