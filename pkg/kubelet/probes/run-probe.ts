// Makes one probe and says how it went, in Kubernetes' words (k8s.io/kubernetes/pkg/probe). `unknown` means that the probe
// itself could not be made: it counts neither way.
import { connect } from 'node:net';
import type { Container, Probe } from '../../api/schema/generated/core.v1.gen.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { execInContainer } from './exec-command.ts';
import { grpcHealth } from './grpc-health.ts';
import { httpRequest, urlOf } from './http-request.ts';
import { portOf } from './port.ts';

export interface ProbeResult {
  readonly outcome: 'success' | 'failure' | 'unknown';
  readonly message: string;
}

export interface ProbeTarget {
  readonly containerId: string;
  readonly spec: Container;
  readonly podIp: string;
}

/** `timeout` is aborted when the probe's time is over, `signal` when nobody wants its result any more. */
export async function runProbe(
  probe: Probe,
  target: ProbeTarget,
  runtime: ContainerRuntime,
  timeout: AbortSignal,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const either = AbortSignal.any([timeout, signal]);
  if (probe.exec !== undefined) return await execProbe(probe, target, runtime, timeout, either);
  if (probe.httpGet !== undefined) return await httpProbe(probe.httpGet, target, timeout, either);
  if (probe.tcpSocket !== undefined) {
    const { host = '', port } = probe.tcpSocket;
    return await tcpProbe(host === '' ? target.podIp : host, () => portOf(port, target.spec), timeout, either);
  }
  if (probe.grpc !== undefined) return await grpcProbe(probe.grpc, target, timeout, either);
  return { outcome: 'unknown', message: 'missing probe handler' };
}

async function execProbe(
  probe: Probe,
  target: ProbeTarget,
  runtime: ContainerRuntime,
  timeout: AbortSignal,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const command = probe.exec?.command ?? [];
  try {
    const { exitCode, output } = await execInContainer(runtime, target.containerId, command, signal);
    return { outcome: exitCode === 0 ? 'success' : 'failure', message: output };
  } catch (error) {
    if (timeout.aborted) {
      const message = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${probe.timeoutSeconds ?? 1}s`;
      return { outcome: 'failure', message };
    }
    return { outcome: 'unknown', message: messageWithCauses(error) };
  }
}

async function httpProbe(
  get: NonNullable<Probe['httpGet']>,
  { spec, podIp }: ProbeTarget,
  timeout: AbortSignal,
  signal: AbortSignal,
): Promise<ProbeResult> {
  let shown = '';
  try {
    const host = get.host === undefined || get.host === '' ? podIp : get.host;
    const target = {
      scheme: get.scheme ?? 'HTTP',
      host,
      port: portOf(get.port, spec),
      path: get.path ?? '/',
      headers: get.httpHeaders ?? [],
      userAgent: 'kube-probe/1.35',
    };
    shown = urlOf(target).href;
    const { status, body } = await httpRequest(target, signal);
    if (status >= 200 && status < 400) return { outcome: 'success', message: body };
    return { outcome: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    if (shown === '') return { outcome: 'unknown', message: messageWithCauses(error) };
    if (timeout.aborted) {
      const why = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
      return { outcome: 'failure', message: `Get "${shown}": ${why}` };
    }
    return { outcome: 'failure', message: `Get "${shown}": ${networkText(error)}` };
  }
}

async function grpcProbe(
  { port, service = '' }: NonNullable<Probe['grpc']>,
  { podIp }: ProbeTarget,
  timeout: AbortSignal,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    const health = await grpcHealth(podIp, port, service, signal);
    return health.ok ? { outcome: 'success', message: '' } : { outcome: 'failure', message: health.message };
  } catch (error) {
    const address = `${podIp}:${port}`;
    const why = timeout.aborted ? 'within 1s: context deadline exceeded' : `: ${networkText(error)}`;
    return { outcome: 'failure', message: `timeout: failed to connect service "${address}" ${why}` };
  }
}

async function tcpProbe(
  host: string,
  port: () => number,
  timeout: AbortSignal,
  signal: AbortSignal,
): Promise<ProbeResult> {
  let number: number;
  try {
    number = port();
  } catch (error) {
    return { outcome: 'unknown', message: messageWithCauses(error) };
  }
  const socket = connect({ host, port: number, signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return { outcome: 'success', message: '' };
  } catch (error) {
    const why = timeout.aborted ? `dial tcp ${host}:${number}: i/o timeout` : networkText(error);
    return { outcome: 'failure', message: why };
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

const GO_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

/** As Go's net package words it. */
function networkText(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    const text = GO_TEXTS[String(error.code)];
    const { address, port } = error as { address?: unknown; port?: unknown }; // Node sets them on errors of connect
    if (text !== undefined) return `dial tcp ${String(address)}:${String(port)}: ${text}`;
    if (error.code === 'ECONNRESET')
      return error.message.includes('hang up') ? 'EOF' : 'read: connection reset by peer';
  }
  return messageWithCauses(error);
}
