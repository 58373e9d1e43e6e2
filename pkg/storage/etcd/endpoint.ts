// Where an etcd member listens, and a connected socket to it, over TLS or not.
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { unavailable } from './rpc-error.ts';

export interface Endpoint {
  /** As it was given, for people. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly authority: string;
  readonly secure: boolean;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
}

/** Throws an Error that names a URL nobody can connect to. Without a scheme it is plain HTTP. */
export function endpointOf(url: string, tls: Endpoint['tls']): Endpoint {
  const full = url.includes('://') ? url : `http://${url}`;
  const parsed = URL.canParse(full) ? new URL(full) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new Error(`"${url}" is no URL of an etcd server: expected something like https://10.0.0.1:2379`);
  }
  const secure = parsed.protocol === 'https:';
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port);
  return { url, host, port, authority: parsed.host, secure, tls };
}

/** Rejects with an RpcError; with the signal's reason when that comes first. */
export function connectTo({ url, host, port, secure, tls }: Endpoint, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectTls({ ...tls, host, port, ALPNProtocols: ['h2'], ...(isIP(host) === 0 && { servername: host }) })
      : connectTcp({ host, port });
    const give = (error: Error | undefined) => {
      signal.removeEventListener('abort', giveUp);
      socket.off('error', fail).off('close', lost);
      if (error === undefined) return resolve(socket);
      // Whatever else it has to say is of no interest any more.
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const fail = (cause: Error) => give(unavailable(`cannot connect to ${url}: ${cause.message}`, cause));
    const lost = () => give(unavailable(`cannot connect to ${url}: the connection was closed`));
    const giveUp = () => give(signal.reason instanceof Error ? signal.reason : unavailable('given up'));
    socket.setNoDelay(true);
    socket.on('error', fail).on('close', lost);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once(secure ? 'secureConnect' : 'connect', () =>
      give(secure && !speaksHttp2(socket) ? unavailable(`${url} does not speak HTTP/2`) : undefined),
    );
  });
}

function speaksHttp2(socket: Duplex & Partial<Pick<TLSSocket, 'alpnProtocol'>>): boolean {
  return socket.alpnProtocol === 'h2';
}
