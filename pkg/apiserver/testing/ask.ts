// One request over the network with nothing of a client library between: headers, status and bytes as they are. For tests.
import { request, type RequestOptions } from 'node:https';
import { TOKEN, type ServerUnderTest } from './server-under-test.ts';

export interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

export interface AskOptions extends RequestOptions {
  readonly body?: string | Buffer;
  /** Without credentials. */
  readonly anonymous?: boolean;
  /** Default: the administrator's, unless a certificate is shown. */
  readonly token?: string;
}

export function ask(
  server: Pick<ServerUnderTest, 'url' | 'ca'>,
  path: string,
  { body, anonymous, token, headers, ...rest }: AskOptions = {},
): Promise<Raw> {
  const credentials =
    anonymous === true || rest.cert !== undefined ? {} : { authorization: `Bearer ${token ?? TOKEN}` };
  return new Promise((resolve, reject) => {
    const asking = request(`${server.url}${path}`, {
      ca: server.ca,
      agent: false,
      ...rest,
      headers: { ...credentials, ...(headers as object) },
    });
    asking.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
