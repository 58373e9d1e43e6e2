// `port-forward`: listens on this machine and passes every connection on to a port of a pod.
import { once } from 'node:events';
import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf, UsageFailure } from '../cli/failure.ts';
import { durationFlag, listFlag } from '../cli/flags.ts';
import { asJson, isObject, nameOf, namespaceOf, text } from '../objects/access.ts';
import { podsBehind } from '../resources/pods-behind.ts';
import type { Api, Place } from '../rest/api.ts';
import { forwardConnection } from '../rest/forward-connection.ts';
import { forwardedPorts, type ForwardedPort } from './forwarded-ports.ts';

/** Connections at once on one listener. */
const MOST_CONNECTIONS = 1024;

export const portForward = command({
  summary: 'Forward one or more local ports to a pod',
  usage: 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  examples: ['port-forward web 8080:80', 'port-forward svc/web 8080:http', 'port-forward deploy/web :80'],
  flags: {
    address: listFlag('Addresses to listen on: IP addresses or localhost (the default).'),
    'pod-running-timeout': durationFlag('How long to wait until at least one pod is running', {
      default: 60_000,
      shown: '1m0s',
    }),
  },
  async run({ flags, args }, context) {
    const [argument, ...words] = args;
    if (argument === undefined || words.length === 0)
      throw new UsageFailure('TYPE/NAME and list of ports are required for port-forward');
    const [pod] = await podsBehind(
      { argument, selector: '', all: false, timeoutMs: flags['pod-running-timeout'], purpose: 'exec' },
      context,
    );
    if (pod === undefined) throw new Failure('no pod found');
    const ports = forwardedPorts(words, pod, await serviceOf(argument, context));
    const phase = text(pod, 'status', 'phase');
    if (phase !== 'Running')
      throw new Failure(`unable to forward port because pod is not running. Current status=${phase}`);
    const { api } = await context.session();
    const resource = (await api.resources()).require('pods');
    const place = { resource, namespace: namespaceOf(pod), name: nameOf(pod) };
    await using parts = new AsyncDisposableStack();
    const addresses = flags.address.length === 0 ? ['localhost'] : flags.address;
    let listening = 0;
    for (const port of ports) {
      const servers = await listen(addresses, port, place, context);
      for (const server of servers) parts.defer(() => closed(server));
      listening += servers.length;
    }
    if (listening === 0)
      throw new Failure(
        `unable to listen on any of the requested ports: [${ports.map(({ local, remote }) => `{${local} ${remote}}`).join(' ')}]`,
      );
    try {
      await untilEnded(api, place, text(pod, 'metadata', 'uid'));
    } catch (error) {
      if (context.signal.aborted) return 0;
      throw error;
    }
    throw new Failure('lost connection to pod');
  },
});

async function serviceOf(argument: string, context: Context): Promise<JsonObject | undefined> {
  const [type = '', name = ''] = argument.split('/');
  const { api, namespace } = await context.session();
  const resource = name === '' ? undefined : (await api.resources()).find(type);
  return resource?.kind === 'Service' ? api.get({ resource, namespace, name }) : undefined;
}

/** The listeners of one port, each with a line about it; says why when there is none. */
async function listen(
  addresses: readonly string[],
  port: ForwardedPort,
  place: Place,
  context: Context,
): Promise<readonly Server[]> {
  const servers: Server[] = [];
  const faults: string[] = [];
  let local = port.local;
  for (const address of addresses) {
    // Either of the two addresses of localhost is enough.
    const hosts = address === 'localhost' ? ['127.0.0.1', '::1'] : [address];
    if (address !== 'localhost' && isIP(address) === 0) throw new Failure(`${address} is not a valid IP`);
    for (const host of hosts) {
      const server = createServer(
        { allowHalfOpen: true },
        (socket) => void handle(socket, local, port, place, context),
      );
      server.maxConnections = MOST_CONNECTIONS;
      const shown = host.includes(':') ? `[${host}]` : host;
      try {
        server.listen(local, host);
        await once(server, 'listening');
      } catch (error) {
        const family = host.includes(':') ? 'tcp6' : 'tcp4';
        faults.push(`unable to create listener: Error listen ${family} ${shown}:${local}: ${bindFault(error)}`);
        continue;
      }
      // A listener of TCP has an AddressInfo.
      local = (server.address() as AddressInfo).port;
      servers.push(server);
      context.out.write(`Forwarding from ${shown}:${local} -> ${port.remote}\n`);
    }
  }
  if (servers.length === 0)
    context.err.write(
      `Unable to listen on port ${port.local}: Listeners failed to create with the following errors: [${faults.join(' ')}]\n`,
    );
  return servers;
}

function bindFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return 'bind: address already in use';
  if (code === 'EACCES') return 'bind: permission denied';
  return code === 'EADDRNOTAVAIL' ? 'bind: cannot assign requested address' : messageOf(error);
}

async function handle(
  socket: Socket,
  local: number,
  { remote }: ForwardedPort,
  place: Place,
  context: Context,
): Promise<void> {
  context.out.write(`Handling connection for ${local}\n`);
  try {
    const { api } = await context.session();
    await forwardConnection(socket, api.transport, { pod: place, port: remote }, context.signal);
  } catch (error) {
    if (context.signal.aborted) return;
    context.err.write(`error: an error occurred forwarding ${local} -> ${remote}: ${messageOf(error)}\n`);
  }
}

async function closed(server: Server): Promise<void> {
  const gone = once(server, 'close');
  server.close();
  await Promise.race([gone, Promise.resolve()]);
}

/** Resolves when the pod is gone or has ended; rejects with the command's signal. */
async function untilEnded(api: Api, place: Place, uid: string): Promise<void> {
  for (;;) {
    const list = await api.list({ ...place, name: '' }, { fieldSelector: `metadata.name=${place.name}` });
    const items = Array.isArray(list['items']) ? list['items'].filter(isObject) : [];
    if (!items.some((pod) => isAlive(pod, uid))) return;
    const events = await api.watch(
      { ...place, name: '' },
      { fieldSelector: `metadata.name=${place.name}`, resourceVersion: text(list, 'metadata', 'resourceVersion') },
    );
    for await (const { type, object } of events) {
      if (type === 'ERROR') break;
      const pod = asJson(object);
      if (type === 'DELETED' || (type === 'MODIFIED' && isObject(pod) && !isAlive(pod, uid))) return;
    }
    api.signal.throwIfAborted();
  }
}

const isAlive = (pod: JsonObject, uid: string) =>
  text(pod, 'metadata', 'uid') === uid && text(pod, 'status', 'phase') === 'Running';
