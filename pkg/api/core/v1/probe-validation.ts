// Validation of probes and lifecycle handlers.
import type { Faults } from '../../meta/field-faults.ts';
import { httpHeaderFaults } from '../../meta/names.ts';
import { checkNotNegative, checkPort } from '../../meta/value-checks.ts';
import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from '../../schema/generated/core.v1.gen.ts';

interface Handler extends LifecycleHandler {
  grpc?: Probe['grpc'];
}

export function validateProbes(faults: Faults, container: Container): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  validateProbe(faults, 'livenessProbe', livenessProbe);
  validateSuccessThreshold(faults, 'livenessProbe', livenessProbe);
  validateProbe(faults, 'readinessProbe', readinessProbe);
  if (readinessProbe?.terminationGracePeriodSeconds !== undefined) {
    faults.invalid(
      ['readinessProbe', 'terminationGracePeriodSeconds'],
      readinessProbe.terminationGracePeriodSeconds,
      'must not be set for readinessProbes',
    );
  }
  validateProbe(faults, 'startupProbe', startupProbe);
  validateSuccessThreshold(faults, 'startupProbe', startupProbe);
}

function validateSuccessThreshold(faults: Faults, segment: string, probe: Probe | undefined): void {
  if (probe !== undefined && (probe.successThreshold ?? 0) !== 1) {
    faults.invalid([segment, 'successThreshold'], probe.successThreshold ?? 0, 'must be 1');
  }
}

function validateProbe(faults: Faults, segment: string, probe: Probe | undefined): void {
  if (probe === undefined) return;
  faults.at(segment, () => {
    validateHandler(faults, probe, undefined);
    checkNotNegative(faults, 'initialDelaySeconds', probe.initialDelaySeconds);
    checkNotNegative(faults, 'timeoutSeconds', probe.timeoutSeconds);
    checkNotNegative(faults, 'periodSeconds', probe.periodSeconds);
    checkNotNegative(faults, 'successThreshold', probe.successThreshold);
    checkNotNegative(faults, 'failureThreshold', probe.failureThreshold);
    if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0) {
      faults.invalid('terminationGracePeriodSeconds', probe.terminationGracePeriodSeconds, 'must be greater than 0');
    }
  });
}

export function validateLifecycle(
  faults: Faults,
  lifecycle: Lifecycle | undefined,
  gracePeriod: number | undefined,
): void {
  if (lifecycle === undefined) return;
  faults.at('lifecycle', () => {
    const { postStart, preStop } = lifecycle;
    if (postStart !== undefined) faults.at('postStart', () => validateHandler(faults, postStart, gracePeriod));
    if (preStop !== undefined) faults.at('preStop', () => validateHandler(faults, preStop, gracePeriod));
  });
}

/** `gracePeriod` in seconds bounds the sleep of a lifecycle handler. */
function validateHandler(faults: Faults, handler: Handler, gracePeriod: number | undefined): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  let handlers = 0;
  const one = (segment: string, check: () => void) => {
    if (handlers++ > 0) faults.forbidden(segment, 'may not specify more than 1 handler type');
    else faults.at(segment, check);
  };
  if (exec !== undefined) {
    one('exec', () => {
      if ((exec.command ?? []).length === 0) faults.required('command');
    });
  }
  if (httpGet !== undefined) one('httpGet', () => validateHttpGet(faults, httpGet));
  if (tcpSocket !== undefined) one('tcpSocket', () => checkPort(faults, 'port', tcpSocket.port));
  if (grpc !== undefined) one('grpc', () => checkPort(faults, 'port', grpc.port));
  if (sleep !== undefined) {
    one('sleep', () => {
      if (gracePeriod === undefined || (sleep.seconds >= 0 && sleep.seconds <= gracePeriod)) return;
      const most = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
      faults.invalid('', sleep.seconds, most);
    });
  }
  if (handlers === 0) faults.required('', 'must specify a handler type');
}

function validateHttpGet(faults: Faults, action: HTTPGetAction): void {
  if (!action.path) faults.required('path');
  checkPort(faults, 'port', action.port);
  const { scheme = '' } = action;
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') faults.notSupported('scheme', scheme, ['HTTP', 'HTTPS']);
  for (const header of action.httpHeaders ?? []) {
    faults.invalidAll('httpHeaders', header.name, httpHeaderFaults(header.name));
  }
}
