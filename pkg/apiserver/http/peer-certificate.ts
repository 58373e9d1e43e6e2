// The client certificate of a connection, looked at once per connection.
import { TLSSocket } from 'node:tls';
import type { Credentials } from '../authn/authenticator.ts';

const known = new WeakMap<TLSSocket, Credentials['certificate']>();

export function certificateOf(socket: unknown): Credentials['certificate'] {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (known.has(socket)) return known.get(socket);
  const certificate = read(socket);
  known.set(socket, certificate);
  return certificate;
}

function read(socket: TLSSocket): Credentials['certificate'] {
  const { subject, valid_to: expires } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  if (!socket.authorized) return 'invalid';
  // Node gives a list where a part of the name occurs several times.
  const names: Readonly<Record<string, string | string[] | undefined>> = { ...subject };
  return { commonName: listOf(names['CN'])[0] ?? '', organizations: listOf(names['O']), expires: Date.parse(expires) };
}

function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
