// Runs postStart and preStop handlers. A failed hook is a value: its message goes into an event.
import { deadlineOf } from '../../clock/deadline.ts';
import type { LifecycleHandler, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import { execInContainer } from '../probes/exec-command.ts';
import { httpRequest } from '../probes/http-request.ts';
import { portOf } from '../probes/port.ts';
import type { PodContainer } from './containers.ts';
import type { PodContext } from './pod-context.ts';

export type HookOutcome = { readonly ok: true } | { readonly ok: false; readonly message: string };

const HTTP_TIMEOUT_MS = 30_000;

export async function runHook(
  handler: LifecycleHandler,
  where: { pod: Pod; container: PodContainer; containerId: string; podIp: string },
  context: PodContext,
  signal: AbortSignal,
): Promise<HookOutcome> {
  try {
    if (handler.sleep !== undefined) {
      await context.clock.sleep(handler.sleep.seconds * 1000, signal);
      return { ok: true };
    }
    if (handler.exec !== undefined) {
      const command = handler.exec.command ?? [];
      const { exitCode, output } = await execInContainer(context.runtime, where.containerId, command, signal);
      if (exitCode === 0) return { ok: true };
      return {
        ok: false,
        message: `command '${command.join(' ')}' exited with ${exitCode}: ${output}, message: ${JSON.stringify(output)}`,
      };
    }
    if (handler.httpGet !== undefined) {
      const { httpGet } = handler;
      const port = portOf(httpGet.port, where.container.spec);
      using late = deadlineOf(context.clock, HTTP_TIMEOUT_MS, () => new Error('timed out'));
      // Any answer will do, whatever its status: the container was told.
      await httpRequest(
        {
          scheme: httpGet.scheme ?? 'HTTP',
          host: httpGet.host === undefined || httpGet.host === '' ? where.podIp : httpGet.host,
          port,
          path: httpGet.path ?? '/',
          headers: httpGet.httpHeaders ?? [],
          userAgent: 'kube-lifecycle/1.35',
        },
        AbortSignal.any([signal, late.signal]),
      );
      return { ok: true };
    }
    // tcpSocket is accepted by validation and run by no kubelet.
    return { ok: false, message: `Cannot run handler: invalid handler: ${JSON.stringify(handler)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, message: messageWithCauses(error) };
  }
}
