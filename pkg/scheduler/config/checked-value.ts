// Reads values out of a parsed configuration file, field by field. What is wrong ends in one sentence naming the field; a
// field that nobody read is a mistake, too.

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export class CheckedObject {
  readonly path: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConfigurationError(`${path === '' ? 'the configuration' : path} must be an object`);
    }
    this.path = path;
    this.#fields = { ...value };
  }

  /** Undefined for a field that is absent or null. */
  value(field: string): unknown {
    this.#read.add(field);
    return this.#fields[field] ?? undefined;
  }

  string(field: string): string | undefined {
    return this.#typed(field, 'string', (value) => (typeof value === 'string' ? value : undefined));
  }

  boolean(field: string): boolean | undefined {
    return this.#typed(field, 'boolean', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** A whole number within the limits, both included. */
  integer(field: string, least: number, most: number): number | undefined {
    const value = this.#typed(field, 'number', (given) => (typeof given === 'number' ? given : undefined));
    if (value === undefined) return undefined;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new ConfigurationError(`${this.at(field)} is ${value}, must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[]): T | undefined {
    const value = this.string(field);
    if (value === undefined) return undefined;
    const found = allowed.find((each) => each === value);
    if (found === undefined) {
      throw new ConfigurationError(`${this.at(field)} is "${value}", must be one of ${allowed.join(', ')}`);
    }
    return found;
  }

  object(field: string): CheckedObject | undefined {
    const value = this.value(field);
    return value === undefined ? undefined : new CheckedObject(value, this.at(field));
  }

  strings(field: string): string[] {
    return this.#list(field).map((value, index) => {
      if (typeof value !== 'string') throw new ConfigurationError(`${this.at(field)}[${index}] must be a string`);
      return value;
    });
  }

  objects(field: string): CheckedObject[] {
    return this.#list(field).map((value, index) => new CheckedObject(value, `${this.at(field)}[${index}]`));
  }

  at(field: string): string {
    return this.path === '' ? field : `${this.path}.${field}`;
  }

  /** Call it when all known fields have been read. */
  refuseOthers(): void {
    for (const field of Object.keys(this.#fields)) {
      if (!this.#read.has(field)) throw new ConfigurationError(`unknown field "${this.at(field)}"`);
    }
  }

  #list(field: string): unknown[] {
    const value = this.value(field) ?? [];
    if (!Array.isArray(value)) throw new ConfigurationError(`${this.at(field)} must be a list`);
    return value;
  }

  #typed<T>(field: string, type: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.value(field);
    if (value === undefined) return undefined;
    const typed = read(value);
    if (typed === undefined) throw new ConfigurationError(`${this.at(field)} must be a ${type}`);
    return typed;
  }
}
