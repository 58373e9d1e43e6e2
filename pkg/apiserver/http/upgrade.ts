// exec, attach and port-forward: the client's connection is joined to the kubelet's, whichever protocol the two speak over
// it (WebSocket or SPDY/3.1). This server checks who and where and then passes bytes.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { ApiError, type Status } from '../../api/meta/status.ts';
import { internalError, methodNotAllowed, unauthorized, unknownPath } from '../http-errors.ts';
import { streamTarget, type PodTarget } from '../registry/subresources/pod-target.ts';
import { tlsOptions } from '../registry/subresources/kubelet-connections.ts';
import { requestInfo, type ResourceRequest } from '../request-info.ts';
import type { UserInfo } from '../request.ts';
import type { ApiServer } from '../server.ts';
import { userOf, type EntryOptions } from './answer.ts';

export interface Upgrade {
  readonly api: ApiServer;
  readonly options: EntryOptions;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

const CONNECT_MS = 30_000;
/** Credentials are between the client and this server. */
const NOT_PASSED: ReadonlySet<string> = new Set(['authorization', 'host', 'impersonate-user', 'impersonate-group']);

export async function handleUpgrade({ api, options, request, socket, head }: Upgrade): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const user = await userOf(api, options, request);
    if (user === undefined || user.groups.includes('system:unauthenticated')) throw unauthorized();
    const { asked, target } = await targetOf(api, user, request);
    await join({ api, asked, target, request, socket, head });
  } catch (error) {
    const status = error instanceof ApiError ? error.status : internalError('cannot reach the kubelet', error).status;
    if (!(error instanceof ApiError)) api.log.warn('upgrade failed', { path: request.url, error });
    refuse(socket, status);
  }
}

async function targetOf(
  api: ApiServer,
  user: UserInfo,
  request: IncomingMessage,
): Promise<Pick<Joined, 'asked' | 'target'>> {
  const url = new URL(request.url ?? '/', 'https://server');
  const info = requestInfo({ method: request.method ?? 'GET', path: url.pathname, query: url.searchParams });
  if (info.kind === 'other') throw unknownPath();
  const { resource, subresource, namespace, name, group } = info.request;
  api.authorize(info.request, user, url.pathname);
  if (group !== '' || resource !== 'pods') throw unknownPath();
  if (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward') throw methodNotAllowed();
  const target = await streamTarget(api.api, namespace, name, subresource, url.searchParams);
  return { asked: info.request, target };
}

interface Joined {
  readonly api: ApiServer;
  readonly asked: ResourceRequest;
  readonly target: PodTarget;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

function join({ api, asked, target, request, socket, head }: Joined): Promise<void> {
  return new Promise((resolve, reject) => {
    const kubelet = connect({ ...tlsOptions(api.kubelets), ...target.address, ALPNProtocols: ['http/1.1'] });
    const late = api.clock.schedule(CONNECT_MS, () => kubelet.destroy(new Error('the kubelet does not answer')));
    kubelet.once('secureConnect', () => {
      late[Symbol.dispose]();
      kubelet.off('error', reject);
      const running = api.streaming(asked);
      kubelet.once('close', () => running[Symbol.dispose]());
      kubelet.on('error', () => socket.destroy());
      kubelet.setNoDelay(true);
      kubelet.write(requestHead(request, target));
      if (head.length > 0) kubelet.write(head);
      kubelet.pipe(socket);
      socket.pipe(kubelet);
      socket.on('close', () => kubelet.destroy());
      kubelet.on('close', () => socket.end());
      resolve();
    });
    kubelet.once('error', (cause: Error) => {
      late[Symbol.dispose]();
      reject(new ApiError('InternalError', `error dialing backend: ${cause.message}`, { cause }));
    });
    socket.once('close', () => kubelet.destroy());
  });
}

function requestHead(request: IncomingMessage, { address, path }: PodTarget): string {
  const lines = [`${request.method ?? 'GET'} ${path} HTTP/1.1`, `Host: ${address.host}:${address.port}`];
  const raw = request.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!NOT_PASSED.has(name.toLowerCase())) lines.push(`${name}: ${raw[i + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function refuse(socket: Duplex, status: Status): void {
  const body = JSON.stringify(status);
  socket.end(
    `HTTP/1.1 ${status.code} ${status.reason ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
