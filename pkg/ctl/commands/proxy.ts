// `proxy`: a server on this machine through which everybody speaks to the API server with the caller's credentials, and
// which may serve files beside it.
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { Forwarder } from '../proxy/forwarder.ts';
import { filterOf, pathBelow, type Filter } from '../proxy/filter.ts';
import { staticFiles, type FileHandler } from '../proxy/static-files.ts';

const DEFAULT_PORT = 8001;
/** Connections at once. */
const MOST_CONNECTIONS = 4096;

export const proxy = command({
  summary: 'Run a proxy to the Kubernetes API server',
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]',
  notes:
    'Whoever reaches its port speaks to the API server with your credentials; it listens on this machine only unless --address says otherwise.',
  examples: [
    'proxy --port=8011',
    'proxy --port=0 --www=./files --www-prefix=/static/',
    'proxy --api-prefix=/custom/',
    'proxy --unix-socket=/tmp/api.sock',
  ],
  flags: {
    'accept-hosts': stringFlag('Regular expressions for hosts that the proxy should accept.', {
      default: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
    }),
    'accept-paths': stringFlag('Regular expressions for paths that the proxy should accept.', { default: '^.*' }),
    address: stringFlag('The IP address on which to serve on.', { default: '127.0.0.1' }),
    'api-prefix': stringFlag('Prefix to serve the proxied API under.', { default: '/' }),
    'append-server-path': boolFlag("Put the path of the context's server in front of that of each request."),
    'disable-filter': boolFlag('Accept every request. Web pages that you visit may then use your credentials.'),
    keepalive: durationFlag('Keep-alive period of connections to the server that carry streams; 0: none.'),
    port: intFlag('The port on which to run the proxy; 0: any that is free.', { short: 'p', default: DEFAULT_PORT }),
    'reject-methods': stringFlag('Regular expressions for HTTP methods that the proxy should reject.', {
      default: '^$',
    }),
    'reject-paths': stringFlag('Regular expressions for paths to reject, even those in --accept-paths.', {
      default: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
    }),
    'unix-socket': stringFlag('Unix socket on which to run the proxy.', { short: 'u' }),
    www: stringFlag('Also serve the files in this directory.', { short: 'w' }),
    'www-prefix': stringFlag('Prefix to serve files under.', { short: 'P', default: '/static/' }),
  },
  async run({ flags }, context) {
    const session = await context.session();
    const { server } = session;
    const filter = flags['disable-filter'] ? undefined : filterOf(flags);
    if (filter === undefined && flags['unix-socket'] === '')
      context.err.write('Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious\n');
    if (flags.port !== DEFAULT_PORT && flags['unix-socket'] !== '')
      throw new Failure('cannot set --unix-socket and --port at the same time');
    if (!URL.canParse(server)) throw new Failure(`parse ${JSON.stringify(server)}: invalid URL`);
    using forwarder = new Forwarder({
      target: () => session.forwardTarget(),
      appendServerPath: flags['append-server-path'],
      keepAliveMs: flags.keepalive,
      report: (fault) => context.err.write(`${fault}\n`),
    });
    const directory = flags.www === '' ? undefined : resolve(context.cwd, flags.www);
    if (directory !== undefined) await warnOfNoDirectory(directory, flags.www, context);
    const wwwPrefix = withSlash(flags['www-prefix']);
    const routes: Routes = {
      apiPrefix: withSlash(flags['api-prefix']),
      files: directory === undefined ? undefined : { prefix: wwwPrefix, serve: staticFiles(directory, wwwPrefix) },
      filter,
      forwarder,
    };
    await using listener = await listen(routes, flags, context);
    context.out.write(`Starting to serve on ${listener.address}\n`);
    await once(context.signal, 'abort');
    throw context.signal.reason;
  },
});

const withSlash = (prefix: string) => (prefix.endsWith('/') ? prefix : `${prefix}/`);

async function warnOfNoDirectory(path: string, given: string, context: Context): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) context.err.write(`Static file directory ${given} is not a directory\n`);
  } catch (error) {
    context.err.write(`Failed to stat static file directory ${given}: ${messageOf(error)}\n`);
  }
}

interface Routes {
  readonly apiPrefix: string;
  readonly files: { readonly prefix: string; readonly serve: FileHandler } | undefined;
  readonly filter: Filter | undefined;
  readonly forwarder: Forwarder;
}

/** Where a request goes: what the API server is to be asked, the files, or an answer of ours. */
type Route =
  | { readonly to: 'api'; readonly path: string }
  | { readonly to: 'files' }
  | { readonly to: 'moved'; readonly location: string }
  | { readonly to: 'none' | 'refused' };

function routeOf(request: IncomingMessage, routes: Routes): Route {
  const url = request.url ?? '/';
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const { files } = routes;
  // The longer prefix is the closer one.
  if (files !== undefined && path.startsWith(files.prefix) && files.prefix.length >= routes.apiPrefix.length)
    return { to: 'files' };
  if ([routes.apiPrefix, files?.prefix].includes(`${path}/`)) return { to: 'moved', location: `${path}/` };
  const below = pathBelow(routes.apiPrefix, path);
  if (below === undefined) return { to: files !== undefined && path.startsWith(files.prefix) ? 'files' : 'none' };
  const asked = { method: request.method ?? 'GET', path: below, host: request.headers.host ?? '' };
  if (routes.filter !== undefined && !routes.filter(asked)) return { to: 'refused' };
  return { to: 'api', path: below + (queryAt < 0 ? '' : url.slice(queryAt)) };
}

const REFUSALS = {
  none: { code: 404, text: '404 page not found' },
  refused: { code: 403, text: 'Forbidden' },
} as const;

function handle(request: IncomingMessage, response: ServerResponse, routes: Routes): void {
  const route = routeOf(request, routes);
  if (route.to === 'api') void routes.forwarder.answer(request, response, route.path);
  else if (route.to === 'files') routes.files?.serve(request, response);
  else if (route.to === 'moved') response.writeHead(301, { location: route.location }).end();
  else {
    const { code, text } = REFUSALS[route.to];
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    response.writeHead(code, headers).end(`${text}\n`);
  }
}

interface Listener extends AsyncDisposable {
  readonly address: string;
}

async function listen(
  routes: Routes,
  flags: { readonly address: string; readonly port: number; readonly 'unix-socket': string },
  context: Context,
): Promise<Listener> {
  // A client's upload may take as long as it likes; its headers may not.
  const server = createServer({ requestTimeout: 0 }, (request, response) => handle(request, response, routes));
  server.maxConnections = MOST_CONNECTIONS;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const route = routeOf(request, routes);
    if (route.to === 'api') void routes.forwarder.upgrade(request, socket, head, route.path);
    else
      socket.end(`HTTP/1.1 ${route.to === 'refused' ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
  });
  const socketPath = flags['unix-socket'];
  try {
    if (socketPath === '') server.listen(flags.port, flags.address);
    else {
      const path = resolve(context.cwd, socketPath);
      // To the system a missing directory is one that may not be written.
      await stat(dirname(path));
      await removeSocket(path);
      listenPrivately(server, path);
    }
    await once(server, 'listening');
  } catch (cause) {
    const where = socketPath === '' ? `tcp ${hostPort(flags.address, flags.port)}` : `unix ${socketPath}`;
    throw new Failure(`listen ${where}: bind: ${systemFault(cause)}`, { cause });
  }
  // A listener of TCP has an AddressInfo.
  const port = socketPath === '' ? (server.address() as AddressInfo).port : 0;
  return {
    address: socketPath === '' ? hostPort(flags.address, port) : socketPath,
    [Symbol.asyncDispose]: () => closed(server, open),
  };
}

/** Only the user may open the socket; the mask of the process decides that. */
function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o077);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
}

/** One that an earlier proxy left; any other file stays. */
async function removeSocket(path: string): Promise<void> {
  try {
    if ((await stat(path)).isSocket()) await rm(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

const hostPort = (host: string, port: number) => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function systemFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  switch (code) {
    case 'EADDRINUSE':
      return 'address already in use';
    case 'EACCES':
      return 'permission denied';
    case 'EADDRNOTAVAIL':
      return 'cannot assign requested address';
    case 'ENOENT':
      return 'no such file or directory';
    default:
      return messageOf(error);
  }
}

/** With all connections, also those that carry other protocols. */
async function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const gone = once(server, 'close');
  server.close();
  for (const socket of open) socket.destroy();
  await gone;
}
