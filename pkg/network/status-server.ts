// The small HTTP server on which a node's program tells how it is: health, readiness, metrics. Knows only paths and answers.
import { createServer } from 'node:http';

export interface StatusAnswer {
  readonly status: number;
  readonly body: string;
  /** Default text/plain. */
  readonly contentType?: string;
}

export type StatusPages = Readonly<Record<string, () => StatusAnswer | Promise<StatusAnswer>>>;

export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

/** `0.0.0.0:10256`, `[::]:10256`, `:10256`, or an address alone with `defaultPort`; undefined when it is none of these. */
export function parseBindAddress(text: string, defaultPort: number): BindAddress | undefined {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  if (bracketed === undefined && plain === '' && port === undefined) return undefined;
  const number = Number(port ?? defaultPort);
  if (number > 65_535) return undefined;
  return { host: bracketed ?? (plain === '' ? '0.0.0.0' : plain), port: number };
}

/** Serves until `signal`; throws when the address cannot be had. */
export async function serveStatus({ host, port }: BindAddress, pages: StatusPages, signal: AbortSignal): Promise<void> {
  const server = createServer((request, response) => {
    const page = pages[(request.url ?? '').split('?')[0] ?? ''];
    const reply = ({ status, body, contentType = 'text/plain; charset=utf-8' }: StatusAnswer) => {
      response.writeHead(status, { 'Content-Type': contentType, 'X-Content-Type-Options': 'nosniff' });
      response.end(body);
    };
    if (page === undefined) return reply({ status: 404, body: '404 page not found\n' });
    Promise.resolve(page()).then(reply, () => reply({ status: 500, body: 'internal error\n' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`cannot listen on ${host}, port ${port}`, { cause })));
    signal.addEventListener(
      'abort',
      () => {
        server.close(() => resolve());
        server.closeAllConnections();
      },
      { once: true },
    );
    server.listen(port, host);
  });
}
