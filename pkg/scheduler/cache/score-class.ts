// Nodes ordered by score with constant-time changes: a list of nodes per score, and the highest score kept at hand. All
// nodes of one class have the same raw values for those plugins whose scores are scaled over all feasible nodes.

export class ScoreClass {
  /** One raw value for each scaled plugin. */
  readonly raw: readonly number[];
  readonly #byScore = new Map<number, number[]>();
  #top = -1;
  #size = 0;

  constructor(raw: readonly number[]) {
    this.raw = raw;
  }

  get size(): number {
    return this.#size;
  }

  /** The highest score; -1 when empty. */
  get top(): number {
    return this.#top;
  }

  /** Nodes with the highest score, in no particular order. */
  get best(): readonly number[] {
    return this.#byScore.get(this.#top) ?? [];
  }

  /** Lists of nodes with equal scores, the best first. */
  *descending(): Generator<readonly number[]> {
    for (const score of [...this.#byScore.keys()].sort((a, b) => b - a)) yield this.#byScore.get(score) ?? [];
  }

  /** Answers with the place of the node in its list, to be handed to `remove`. */
  add(slot: number, score: number): number {
    let slots = this.#byScore.get(score);
    if (slots === undefined) {
      slots = [];
      this.#byScore.set(score, slots);
    }
    this.#size++;
    if (score > this.#top) this.#top = score;
    return slots.push(slot) - 1;
  }

  /** Fills the gap with the last node of the list, and answers with that node so that its place can be noted. */
  remove(score: number, place: number): number | undefined {
    const slots = this.#byScore.get(score);
    const last = slots?.pop();
    if (slots === undefined || last === undefined) return undefined;
    this.#size--;
    if (place < slots.length) {
      slots[place] = last;
      return last;
    }
    if (slots.length === 0) {
      this.#byScore.delete(score);
      if (score === this.#top) this.#top = highest(this.#byScore.keys());
    }
    return undefined;
  }
}

function highest(scores: Iterable<number>): number {
  let most = -1;
  for (const score of scores) if (score > most) most = score;
  return most;
}
