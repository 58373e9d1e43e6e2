// One copy of strings that many objects have in common. Forgets all of them when there are too many: those in use live on in
// the objects that have them.

export class SharedStrings {
  readonly #limit: number;
  readonly #strings = new Map<string, string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** An equal string, the same one each time. */
  share(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size >= this.#limit) this.#strings.clear();
    this.#strings.set(text, text);
    return text;
  }
}
