// What every node answers to one shape of pod: a refusal with its reason, or a score. A node that changes is asked again
// alone, so placing the next pod of the shape costs as much as nodes have changed since the last one, not as many as there
// are. Refusals are counted by reason as they come and go.
import type { Failure } from '../framework/plugin.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import {
  evaluationBasis,
  prepareNodeEvaluation,
  scaledScore,
  type NodeEvaluation,
} from '../framework/node-evaluation.ts';
import type { Profile } from '../framework/profile.ts';
import { ScoreClass } from './score-class.ts';
import type { Snapshot } from './snapshot.ts';

/** What stands in `#state` for a slot without node. Classes count up from 0, refusals down from -2. */
const ABSENT = -1;

export class ShapeTable {
  readonly #profile: Profile;
  readonly #snapshot: Snapshot;
  readonly #pod: PodInfo;
  #evaluation: NodeEvaluation;
  #basis: string;
  #position: number;
  #state = new Int32Array(0);
  #score = new Int32Array(0);
  #place = new Int32Array(0);
  #classes: ScoreClass[] = [];
  #classByRaw = new Map<string, number>();
  #failures: Failure[] = [];
  #failureIndex = new Map<Failure, number>();
  #failed: number[] = [];
  #feasible = 0;
  /** Filled anew for every node; most nodes are of a class that is known already. */
  readonly #raw: number[] = [];

  constructor(profile: Profile, snapshot: Snapshot, pod: PodInfo) {
    this.#profile = profile;
    this.#snapshot = snapshot;
    this.#pod = pod;
    this.#evaluation = prepareNodeEvaluation(profile, pod, snapshot);
    this.#basis = evaluationBasis(profile, pod, snapshot);
    this.#position = snapshot.changes.end;
    this.#rebuild();
  }

  get feasibleCount(): number {
    return this.#feasible;
  }

  get evaluation(): NodeEvaluation {
    return this.#evaluation;
  }

  /** Brings the table up to date with the snapshot. */
  refresh(): void {
    const { changes } = this.#snapshot;
    if (this.#position === changes.end) return;
    const changed = changes.since(this.#position);
    this.#position = changes.end;
    const basis = evaluationBasis(this.#profile, this.#pod, this.#snapshot);
    if (changed === undefined || basis !== this.#basis || this.#hasOutlived()) {
      this.#basis = basis;
      this.#evaluation = prepareNodeEvaluation(this.#profile, this.#pod, this.#snapshot);
      this.#rebuild();
      return;
    }
    this.#grow();
    for (const slot of changed) this.#update(slot);
  }

  /** How many nodes refuse the shape, by reason. */
  refusals(): Map<Failure, number> {
    const counts = new Map<Failure, number>();
    for (const [index, failure] of this.#failures.entries()) {
      const nodes = this.#failed[index] ?? 0;
      if (nodes > 0) counts.set(failure, nodes);
    }
    return counts;
  }

  /** Why this node refuses the shape; undefined when it takes it. */
  refusalOf(slot: number): Failure | undefined {
    const state = this.#state[slot] ?? ABSENT;
    return state < ABSENT ? this.#failures[-2 - state] : undefined;
  }

  takes(slot: number): boolean {
    return (this.#state[slot] ?? ABSENT) >= 0;
  }

  *feasible(): Generator<number> {
    for (const [slot, state] of this.#state.entries()) if (state >= 0) yield slot;
  }

  /** Score of a feasible node by the plugins that need no scaling. */
  absoluteScore(slot: number): number {
    return this.#score[slot] ?? 0;
  }

  rawScores(slot: number): readonly number[] {
    return this.#classes[this.#state[slot] ?? ABSENT]?.raw ?? [];
  }

  /** The nodes with the highest score, in lists of equals; nothing when no node takes the shape. */
  best(): readonly (readonly number[])[] {
    const largest = this.#evaluation.scaled.map((_, index) =>
      this.#classes.reduce((most, each) => (each.size > 0 ? Math.max(most, each.raw[index] ?? 0) : most), 0),
    );
    let top = -1;
    let lists: (readonly number[])[] = [];
    for (const each of this.#classes) {
      if (each.size === 0) continue;
      let score = each.top;
      for (const [index, rating] of this.#evaluation.scaled.entries()) {
        score += scaledScore(rating, each.raw[index] ?? 0, largest[index] ?? 0);
      }
      if (score < top) continue;
      if (score > top) lists = [];
      top = score;
      lists.push(each.best);
    }
    return lists;
  }

  /** Whether so many reasons and raw values have come and gone that starting over is due. */
  #hasOutlived(): boolean {
    return this.#classes.length + this.#failures.length > 2 * this.#snapshot.slotCount + 1000;
  }

  /**
   * Lists of equals, the best first; undefined when that order depends on which nodes other plugins leave over, because
   * scores are scaled over those.
   */
  descending(): Iterable<readonly number[]> | undefined {
    const filled = this.#classes.filter(({ size }) => size > 0);
    return filled.length > 1 ? undefined : (filled[0]?.descending() ?? []);
  }

  #rebuild(): void {
    const slots = this.#snapshot.slotCount;
    this.#state = new Int32Array(slots).fill(ABSENT);
    this.#score = new Int32Array(slots);
    this.#place = new Int32Array(slots);
    this.#classes = [];
    this.#classByRaw = new Map();
    this.#failures = [];
    this.#failureIndex = new Map();
    this.#failed = [];
    this.#feasible = 0;
    for (let slot = 0; slot < slots; slot++) this.#enter(slot);
  }

  #grow(): void {
    const slots = this.#snapshot.slotCount;
    if (slots <= this.#state.length) return;
    const room = Math.max(slots, this.#state.length * 2);
    const enlarge = (old: Int32Array<ArrayBuffer>, filler: number) => {
      const larger = new Int32Array(room).fill(filler);
      larger.set(old);
      return larger;
    };
    this.#state = enlarge(this.#state, ABSENT);
    this.#score = enlarge(this.#score, 0);
    this.#place = enlarge(this.#place, 0);
  }

  #update(slot: number): void {
    const state = this.#state[slot] ?? ABSENT;
    if (state >= 0) {
      const moved = this.#classes[state]?.remove(this.#score[slot] ?? 0, this.#place[slot] ?? 0);
      if (moved !== undefined) this.#place[moved] = this.#place[slot] ?? 0;
      this.#feasible--;
    } else if (state < ABSENT) {
      this.#failed[-2 - state] = (this.#failed[-2 - state] ?? 0) - 1;
    }
    this.#state[slot] = ABSENT;
    this.#enter(slot);
  }

  #enter(slot: number): void {
    const node = this.#snapshot.at(slot);
    if (node === undefined) return;
    const failure = this.#evaluation.check(node);
    if (failure !== undefined) {
      this.#state[slot] = -2 - this.#countFailure(failure);
      return;
    }
    let score = 0;
    for (const { weight, rate } of this.#evaluation.absolute) score += weight * rate(node);
    const index = this.#classOf(node);
    this.#state[slot] = index;
    this.#score[slot] = score;
    this.#place[slot] = this.#classes[index]?.add(slot, score) ?? 0;
    this.#feasible++;
  }

  #countFailure(failure: Failure): number {
    let index = this.#failureIndex.get(failure);
    if (index === undefined) {
      index = this.#failures.push(failure) - 1;
      this.#failureIndex.set(failure, index);
    }
    this.#failed[index] = (this.#failed[index] ?? 0) + 1;
    return index;
  }

  #classOf(node: NodeInfo): number {
    const raw = this.#raw;
    let key = '';
    for (const [place, { rate }] of this.#evaluation.scaled.entries()) {
      const value = rate(node);
      raw[place] = value;
      key = place === 0 ? String(value) : `${key},${value}`;
    }
    let index = this.#classByRaw.get(key);
    if (index === undefined) {
      index = this.#classes.push(new ScoreClass(raw.slice(0, this.#evaluation.scaled.length))) - 1;
      this.#classByRaw.set(key, index);
    }
    return index;
  }
}
