// exec, attach and port-forward: finds the container, then joins its streams with the caller's.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageWithCauses } from '../../logging/logger.ts';
import { containerNamed } from '../pod/containers.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import type { ContainerRecord, StreamSession } from '../runtime/runtime.ts';
import { HttpError } from './http-error.ts';
import { podOf, runningContainer, runningSandbox } from './pod-lookup.ts';
import { forwardOverWebSocket } from './port-forward.ts';
import { statusOfExit, statusOfFailure, type RemoteStreams } from './remote-streams.ts';
import type { ServerParts } from './server.ts';
import { acceptSpdy, acceptTunnel, asksForSpdy, tunnelledProtocol } from './spdy/accept.ts';
import { FORWARD_PROTOCOL, forwardOverSpdy } from './spdy/port-forward.ts';
import { COMMAND_PROTOCOLS, spdyCommandStreams } from './spdy/remote-command.ts';
import type { Clock } from '../../clock/clock.ts';
import { acceptWebSocket, offeredProtocols, webSocketStreams } from './websocket-streams.ts';

export interface StreamRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export async function openStream(call: StreamRequest, parts: ServerParts, signal: AbortSignal): Promise<void> {
  const [root = '', namespace = '', name = '', ...rest] = call.segments;
  const worker = podOf(parts.manager, namespace, name);
  const container = rest.at(-1) ?? ''; // .../{container} or .../{uid}/{container}
  switch (root) {
    case 'exec': {
      const record = await containerFor(call, worker, container, parts.context.clock);
      if (record === undefined) return;
      const command = call.query.getAll('command');
      if (command.length === 0) throw new HttpError(400, 'you must specify at least 1 command for the container');
      const wanted = wantedOf(call.query);
      const streams = await accept(call, wanted, parts.context.clock);
      return await join(
        streams,
        wanted,
        () => parts.context.runtime.exec(record.id, { ...wanted, command }, signal),
        (exitCode) => statusOfExit(command, exitCode ?? 0),
      );
    }
    case 'attach': {
      const record = await containerFor(call, worker, container, parts.context.clock);
      if (record === undefined) return;
      const spec = containerNamed(worker.pod, container)?.spec;
      const wanted = { ...wantedOf(call.query), tty: spec?.tty ?? false };
      const streams = await accept(call, wanted, parts.context.clock);
      return await join(
        streams,
        wanted,
        () => parts.context.runtime.attach(record.id, wanted, signal),
        () => ({ metadata: {}, status: 'Success' }),
      );
    }
    case 'portForward': {
      const sandbox = runningSandbox(worker);
      const dial = (port: number) => parts.context.runtime.dialPort(sandbox, port, signal);
      if (asksForSpdy(call.request)) {
        const { connection } = acceptSpdy(call.request, call.socket, call.head, [FORWARD_PROTOCOL]);
        return await forwardOverSpdy(connection, dial);
      }
      if (tunnelledProtocol(call.request) === FORWARD_PROTOCOL) {
        const connection = await acceptTunnel(call.request, call.socket, call.head, FORWARD_PROTOCOL);
        return await forwardOverSpdy(connection, dial);
      }
      return await forwardOverWebSocket(call, dial);
    }
    default:
      throw new HttpError(404, '404 page not found');
  }
}

/**
 * A caller with a WebSocket is told of a container that does not run by the end of its session, as API servers that speak
 * SPDY to kubelets translate the refusal; undefined then.
 */
async function containerFor(
  call: StreamRequest,
  worker: PodWorker,
  container: string,
  clock: Clock,
): Promise<ContainerRecord | undefined> {
  try {
    return runningContainer(worker, container);
  } catch (error) {
    if (!(error instanceof HttpError) || asksForSpdy(call.request)) throw error;
    const streams = await accept(call, wantedOf(call.query), clock);
    await streams.finish(statusOfFailure(`Internal error occurred: unable to upgrade connection: ${error.message}`));
    return undefined;
  }
}

/** The API's names, and the shorter ones that older API servers send to kubelets. */
function wantedOf(query: URLSearchParams): Wanted {
  const has = (name: string, old: string) => isTrue(query.get(name)) || isTrue(query.get(old));
  const tty = isTrue(query.get('tty'));
  const wanted = {
    stdin: has('stdin', 'input'),
    stdout: has('stdout', 'output'),
    stderr: has('stderr', 'error') && !tty,
    tty,
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return wanted;
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

async function accept(call: StreamRequest, wanted: Wanted, clock: Clock): Promise<RemoteStreams> {
  if (asksForSpdy(call.request)) {
    const { connection, protocol } = acceptSpdy(call.request, call.socket, call.head, COMMAND_PROTOCOLS);
    return await spdyCommandStreams(connection, protocol, wanted, clock);
  }
  if ((call.request.headers.upgrade ?? '').toLowerCase() !== 'websocket') {
    throw new HttpError(400, 'unable to upgrade: neither WebSocket nor SPDY/3.1 was asked for');
  }
  if (!offeredProtocols(call.request).some((protocol) => protocol.endsWith('channel.k8s.io'))) {
    throw new HttpError(400, 'unable to upgrade: none of the WebSocket protocols is supported');
  }
  const webSocket = await acceptWebSocket(call.request, call.socket, call.head);
  return webSocketStreams(webSocket, { readsStdin: wanted.stdin });
}

/** Copies both ways until the process ends or the caller goes; then says how it ended. */
async function join(
  streams: RemoteStreams,
  wanted: Wanted,
  start: () => Promise<StreamSession>,
  ending: (exitCode: number | undefined) => Parameters<RemoteStreams['finish']>[0],
): Promise<void> {
  let session: StreamSession;
  try {
    session = await start();
  } catch (error) {
    await streams.finish(statusOfFailure(messageWithCauses(error)));
    return;
  }
  try {
    // Both end with the client's side; how it ended is of no interest, the process goes on.
    if (wanted.stdin) void copyIn(streams, session).catch(() => undefined);
    if (wanted.tty) void copySizes(streams, session).catch(() => undefined);
    for await (const { stream, data } of session.output) await streams.write(stream, data);
    await streams.finish(ending(await session.exitCode()));
  } catch (error) {
    await streams.finish(statusOfFailure(messageWithCauses(error)));
  } finally {
    session.close();
  }
}

/** A client that goes away in the middle ends its input like one that closes it. */
async function copyIn(streams: RemoteStreams, session: StreamSession): Promise<void> {
  try {
    for await (const data of streams.stdin) await session.write(data);
  } finally {
    session.closeStdin();
  }
}

async function copySizes(streams: RemoteStreams, session: StreamSession): Promise<void> {
  for await (const size of streams.sizes) {
    await session.resize(size).catch(() => undefined); // the process has ended: its size is of no interest any more
  }
}
