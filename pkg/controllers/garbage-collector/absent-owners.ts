// Owners that are known to be gone. A uid is never used again, so the answer stays true; the cache only saves asking the
// server once for each of a thousand dependents. It remembers the last few hundred.
const MOST_REMEMBERED = 500;

export class AbsentOwners {
  readonly #known = new Set<string>();

  add(owner: { readonly uid: string; readonly namespace?: string }): void {
    this.#known.add(keyOf(owner.uid, owner.namespace));
    if (this.#known.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      return;
    }
  }

  /** `namespace`: where the reference says that the owner is; the same uid elsewhere is another question. */
  has(owner: { readonly uid: string }, namespace: string | undefined): boolean {
    return this.#known.has(keyOf(owner.uid, namespace));
  }
}

function keyOf(uid: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${uid}`;
}
