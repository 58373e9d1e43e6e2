// Runs the controllers of one process: one set of informers, one event recorder for each component, one owner for all of
// it. Returns when the signal is aborted and everything has stopped.
import type { Registry } from 'prom-client';
import type { Client } from '../client/client.ts';
import { createEventRecorder, type EventRecorder } from '../client/event-recorder.ts';
import { SharedInformers } from '../client/shared-informers.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Controller, ControllerContext } from './context.ts';
import { registerQueueMetrics, registerRunning } from './metrics.ts';
import { CONTROLLERS, DEFAULT_OPTIONS, type ControllerOptions } from './registry.ts';
import { parseSelection } from './selection.ts';

export interface RunControllers {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** As `--controllers` takes it: `*`, `name`, `-name`, separated by commas. Unknown names are refused. */
  readonly enabled: string;
  readonly options?: Partial<ControllerOptions>;
  /** Where the metrics are registered, anew for every run; none are kept without it. */
  readonly metrics?: Registry;
}

export class UnknownControllerError extends Error {
  override readonly name = 'UnknownControllerError';
}

/** Throws UnknownControllerError at once; otherwise resolves after `signal`. */
export async function runControllers(run: RunControllers, signal: AbortSignal): Promise<void> {
  const selection = parseSelection(run.enabled, CONTROLLERS);
  if (selection.unknown.length > 0) {
    throw new UnknownControllerError(`"${selection.unknown.join('", "')}" is not in the list of known controllers`);
  }
  const { client, clock, random, log } = run;
  const recorders = new Map<string, EventRecorder>();
  const informers = new SharedInformers(client, { clock, random, log });
  const context: ControllerContext = {
    client,
    informers,
    clock,
    random,
    log,
    metrics: run.metrics === undefined ? () => ({}) : registerQueueMetrics(run.metrics, clock),
    registry: run.metrics,
    recorder(component) {
      let recorder = recorders.get(component);
      if (recorder === undefined) {
        recorder = createEventRecorder({ client, component, clock, random, log });
        recorders.set(component, recorder);
      }
      return recorder;
    },
  };
  const options = { ...DEFAULT_OPTIONS, ...run.options };
  const controllers = CONTROLLERS.filter(({ name }) => selection.isEnabled(name)).flatMap(
    (controller) => controller.build(context, options) ?? [],
  );
  if (run.metrics !== undefined) {
    registerRunning(
      run.metrics,
      controllers.map(({ name }) => name),
    );
  }
  // One that fails ends the others: a process with half of its controllers would look healthy and not be.
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const running = [informers.run(stop), ...controllers.map((controller) => start(controller, context, stop))];
  try {
    await Promise.all(running);
  } catch (error) {
    failed.abort(error);
    if (!signal.aborted) throw error;
  } finally {
    failed.abort();
    await Promise.allSettled(running);
    await Promise.all([...recorders.values()].map((recorder) => recorder.close()));
  }
}

async function start(controller: Controller, context: ControllerContext, signal: AbortSignal): Promise<void> {
  await context.informers.synced(signal);
  context.log.debug('controller starts', { controller: controller.name });
  await controller.run(signal);
}
