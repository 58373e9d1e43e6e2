import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { grpcHealth } from './grpc-health.ts';

test.each([
  { name: 'a server that serves', body: '00000000020801', trailer: '0', want: { ok: true } },
  {
    name: 'a server that does not serve',
    body: '00000000020802',
    trailer: '0',
    want: { ok: false, message: 'service unhealthy (responded with "NOT_SERVING")' },
  },
  {
    name: 'a service that is not known',
    body: '',
    trailer: '5',
    want: { ok: false, message: 'error: health rpc probe failed: unknown service' },
  },
])('$name is told by its health protocol', async ({ body, trailer, want }) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let received = Buffer.alloc(0);
    request.on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
    request.on('end', () => {
      asked.push(`${request.url} ${received.toString('hex')}`);
      response.writeHead(200, { 'content-type': 'application/grpc', trailer: 'grpc-status' });
      response.addTrailers({ 'grpc-status': trailer, 'grpc-message': 'unknown service' });
      response.end(Buffer.from(body, 'hex'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  try {
    expect(await grpcHealth('127.0.0.1', port, 'ab', AbortSignal.timeout(5000))).toEqual(want);
    expect(asked).toEqual(['/grpc.health.v1.Health/Check 00000000040a026162']);
  } finally {
    server.close();
  }
});

test('a server that is not there is an error', async () => {
  await expect(grpcHealth('127.0.0.1', 1, '', AbortSignal.timeout(5000))).rejects.toThrow('ECONNREFUSED');
});
