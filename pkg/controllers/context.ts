// What every controller is given, and the loop they all run: keys from a queue, a number of workers, errors to the log and
// back to the queue. A controller is built first (handlers registered, so that no event is missed) and run later.
import type { Registry } from 'prom-client';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { SharedInformers } from '../client/shared-informers.ts';
import { WorkQueue, drain, type WorkQueueMetrics } from '../client/work-queue.ts';
import { isApiError } from '../api/meta/status.ts';
import { UnreachableError } from '../client/transport.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';

export interface ControllerContext {
  readonly client: Client;
  readonly informers: SharedInformers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** One recorder for each component name that events are to show. */
  recorder(component: string): EventRecorder;
  metrics(queue: string): WorkQueueMetrics;
  /** Where a controller registers what it counts beside its queue; undefined: nobody reads it. */
  readonly registry?: Registry | undefined;
}

export interface Controller {
  /** Kubernetes' name, as `--controllers` takes it. */
  readonly name: string;
  /** Works until `signal`. The informers that it asked for have synced before. */
  run(signal: AbortSignal): Promise<void>;
}

/** A queue that reports to the metrics under the controller's name. */
export function controllerQueue(context: ControllerContext, name: string): WorkQueue<string> {
  return new WorkQueue<string>({ clock: context.clock, metrics: context.metrics(name) });
}

export interface WorkerOptions {
  readonly name: string;
  readonly queue: WorkQueue<string>;
  readonly workers: number;
  readonly log: Logger;
  /** Ends cleanly when the signal is aborted; what it rejects with is tried again. */
  sync(key: string, signal: AbortSignal): Promise<void>;
}

export async function runWorkers(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { queue, workers } = options;
  const log = options.log.with({ controller: options.name });
  const onAbort = () => queue.close();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) queue.close();
  try {
    await drain(queue, (key) => options.sync(key, signal), {
      workers,
      onError: (key, error) => {
        if (signal.aborted) return;
        // Lost races and a server that is away are everyday events; the retry is all that they need.
        const expected =
          error instanceof UnreachableError || isApiError(error, 'Conflict') || isApiError(error, 'AlreadyExists');
        log[expected ? 'debug' : 'warn']('sync failed; it will be tried again', { key, error });
      },
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Runs at once and then every `intervalMs` until `signal`; a failure is logged and the next turn comes as usual. */
export async function runPeriodically(
  work: (signal: AbortSignal) => Promise<void>,
  options: { readonly name: string; readonly intervalMs: number; readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) options.log.warn('a periodic check failed', { controller: options.name, error });
    }
    await options.clock.sleep(options.intervalMs, signal).catch(() => undefined);
  }
}
