// Owners that are known to be gone. A uid is never used again, so the answer stays true; the cache only saves asking the
// server once for each of a thousand dependents. It remembers the last few hundred.
import { Recent } from '../../client/recent.ts';

const MOST_REMEMBERED = 500;

export class AbsentOwners {
  readonly #known = new Recent<true>(MOST_REMEMBERED);

  add(owner: { readonly uid: string; readonly namespace?: string }): void {
    this.#known.set(keyOf(owner.uid, owner.namespace), true);
  }

  /** `namespace`: where the reference says that the owner is; the same uid elsewhere is another question. */
  has(owner: { readonly uid: string }, namespace: string | undefined): boolean {
    return this.#known.get(keyOf(owner.uid, namespace)) === true;
  }
}

function keyOf(uid: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${uid}`;
}
