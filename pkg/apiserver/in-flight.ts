// How many requests are worked on at once, and how many may be (`--max-requests-inflight`, `--max-mutating-requests-inflight`):
// whoever comes when all places are taken is told to come back in a second. What lasts by its nature (watches, logs, streams)
// takes no place, administrators are always let in, and so are probes, or a busy server would be taken for a dead one.
import type { Instant } from '../clock/clock.ts';
import type { RequestInfo } from './request-info.ts';
import type { UserInfo } from './request.ts';

export type RequestKind = 'readOnly' | 'mutating';

/** 0: no limit. */
export interface InFlightLimits {
  readonly readOnly: number;
  readonly mutating: number;
}

/** kube-apiserver's. */
export const DEFAULT_LIMITS: InFlightLimits = { readOnly: 400, mutating: 200 };

const LONG_RUNNING_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const PROBES = /^\/(livez|readyz|healthz)(\/|$)/;
const SECOND_MS = 1000;

export function kindOf(method: string): RequestKind {
  return READING_METHODS.has(method) ? 'readOnly' : 'mutating';
}

export function isLongRunning(info: RequestInfo): boolean {
  if (info.kind === 'other') return false;
  return info.request.verb === 'watch' || LONG_RUNNING_SUBRESOURCES.has(info.request.subresource);
}

interface Places {
  readonly limit: number;
  taken: number;
  /** Requests that take no place of those there are: of this process, or of administrators beyond the limit. */
  besides: number;
  dropped: number;
  /** The most there were in the second that `since` begins, and in the one before. */
  most: number;
  mostBefore: number;
  since: Instant;
}

export type Admission = 'admitted' | 'besides' | 'refused';

export class InFlight {
  readonly #places: Readonly<Record<RequestKind, Places>>;

  constructor(limits: InFlightLimits = DEFAULT_LIMITS) {
    const places = (limit: number): Places => ({
      limit,
      taken: 0,
      besides: 0,
      dropped: 0,
      most: 0,
      mostBefore: 0,
      since: 0,
    });
    this.#places = { readOnly: places(limits.readOnly), mutating: places(limits.mutating) };
  }

  /** Whatever the answer but `refused`, it is given to `leave` when the request is answered. */
  enter(kind: RequestKind, path: string, user: UserInfo, now: Instant): Admission {
    const places = this.#places[kind];
    const free = places.limit === 0 || places.taken < places.limit;
    if (!free && !user.groups.includes('system:masters') && !PROBES.test(path)) {
      places.dropped++;
      return 'refused';
    }
    if (free) places.taken++;
    else places.besides++;
    note(places, now);
    return free ? 'admitted' : 'besides';
  }

  /** A caller in this process: counted, never refused, as it has no connection to flood this server with. */
  enterBesides(kind: RequestKind, now: Instant): void {
    this.#places[kind].besides++;
    note(this.#places[kind], now);
  }

  leave(kind: RequestKind, as: Admission): void {
    if (as === 'admitted') this.#places[kind].taken--;
    else if (as === 'besides') this.#places[kind].besides--;
  }

  /** The most there were at once within the last second. */
  most(kind: RequestKind, now: Instant): number {
    const places = this.#places[kind];
    note(places, now);
    return Math.max(places.most, places.mostBefore);
  }

  dropped(kind: RequestKind): number {
    return this.#places[kind].dropped;
  }
}

function note(places: Places, now: Instant): void {
  const current = places.taken + places.besides;
  const age = now - places.since;
  if (age >= SECOND_MS || age < 0) {
    places.mostBefore = age < 2 * SECOND_MS && age >= 0 ? places.most : current;
    places.most = current;
    places.since = now;
  } else if (current > places.most) places.most = current;
}
