// Gives disk back that images take: those that this kubelet has pulled, that no container uses, and that it could pull again. What
// others have put on the engine (loaded, built) is theirs. Which ones it pulled lies in a file, for the kubelet after this one.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { isMissing } from '../volumes/atomic-directory.ts';

/** An image that was just pulled is about to be used. */
const YOUNG_MS = 120_000;

export class ImageCollector {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #path: string;
  /** When each was pulled, by its id. */
  #pulled: Promise<Map<string, number>> | undefined;
  /** One write to the file after another. */
  #keeping = Promise.resolve();

  constructor(path: string, parts: { runtime: ContainerRuntime; clock: Clock; log: Logger }) {
    this.#path = path;
    this.#runtime = parts.runtime;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  async hasPulled(id: string): Promise<void> {
    const known = await this.#known();
    known.set(id, this.#clock.now());
    await this.#keep(known);
  }

  /** False when there was nothing to free. */
  async reclaim(signal: AbortSignal): Promise<boolean> {
    const known = await this.#known();
    if (known.size === 0) return false;
    const [there, pods] = await Promise.all([this.#runtime.listImages(signal), this.#runtime.listPods(signal)]);
    const used = new Set(pods.flatMap(({ containers }) => containers.map(({ imageId }) => imageId)));
    const present = new Set(there.map(({ id }) => id));
    let freed = false;
    for (const [id, at] of [...known].toSorted(([, a], [, b]) => a - b)) {
      if (used.has(id) || (present.has(id) && this.#clock.now() - at < YOUNG_MS)) continue;
      if (present.has(id)) {
        this.#log.info('removing an image that nobody uses', { image: id });
        if (!(await this.#runtime.removeImage(id, signal))) continue;
        freed = true;
      }
      known.delete(id);
    }
    await this.#keep(known);
    return freed;
  }

  /** A file that cannot be read is tried again the next time. */
  #known(): Promise<Map<string, number>> {
    return (this.#pulled ??= this.#load().catch((error: unknown) => {
      this.#pulled = undefined;
      throw error;
    }));
  }

  async #load(): Promise<Map<string, number>> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      if (typeof value !== 'object' || value === null) return new Map();
      return new Map(Object.entries(value).map(([id, at]) => [id, Number(at)]));
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }

  /** An image that is forgotten stays: that is no reason to stop. */
  #keep(known: ReadonlyMap<string, number>): Promise<void> {
    this.#keeping = this.#keeping.then(() => this.#write(known));
    return this.#keeping;
  }

  async #write(known: ReadonlyMap<string, number>): Promise<void> {
    try {
      await writeFile(`${this.#path}.new`, JSON.stringify(Object.fromEntries(known)));
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#log.warn('which images were pulled could not be kept', { error });
    }
  }
}
