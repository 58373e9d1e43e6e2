// What a benchmark can ask of the load generator, and what it gets back. Times are milliseconds.
import type { Endpoint } from './connection.ts';

export type Order =
  | {
      readonly do: 'create';
      readonly endpoint: Endpoint;
      /** The collection's path. */
      readonly path: string;
      /** JSON of the object; `@NAME@` becomes a name of its own. */
      readonly template: string;
      readonly count: number;
      readonly concurrency: number;
      /** Created before the clock starts, on the same connections: compilers of the code that runs are no part of the measure. */
      readonly warmUp?: number;
      /** Told apart from the objects of other orders. */
      readonly prefix: string;
    }
  | { readonly do: 'list'; readonly endpoint: Endpoint; readonly path: string; readonly times: number }
  | {
      readonly do: 'watch-fan-out';
      readonly endpoint: Endpoint;
      readonly watchers: number;
      readonly writers: number;
      readonly writes: number;
      /** Written, and seen by all, before the clock starts. */
      readonly warmUp: number;
      /** Pause of a writer after each write; 0: as fast as it gets answers. */
      readonly everyMs: number;
    }
  /** Waits until this many pods have a node. */
  | { readonly do: 'watch-bindings'; readonly endpoint: Endpoint; readonly pods: number; readonly withinMs: number };

export interface Report {
  /** Things per second: objects created, events received, pods bound. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
}
