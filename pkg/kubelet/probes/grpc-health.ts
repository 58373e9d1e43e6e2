// One call of grpc.health.v1.Health/Check over plain HTTP/2. The two messages of that protocol are one field each, so they are
// written and read here by hand.
import { connect, constants, type ClientHttp2Session } from 'node:http2';

export type GrpcHealth =
  | { readonly ok: true }
  /** What Kubernetes says of it. */
  | { readonly ok: false; readonly message: string };

const SERVING = 1;
const STATUS_NAMES: Readonly<Record<number, string>> = { 0: 'UNKNOWN', 2: 'NOT_SERVING', 3: 'SERVICE_UNKNOWN' };
const GRPC_UNIMPLEMENTED = '12';
const MOST_ANSWER_BYTES = 1024;

/** Rejects when no answer is had. */
export async function grpcHealth(
  host: string,
  port: number,
  service: string,
  signal: AbortSignal,
): Promise<GrpcHealth> {
  const session = connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
  const onAbort = () => session.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await check(session, service);
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.destroy();
  }
}

function check(session: ClientHttp2Session, service: string): Promise<GrpcHealth> {
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
      'user-agent': 'kube-probe/1.35',
    });
    let answer = Buffer.alloc(0);
    let code = '0';
    let complaint = '';
    const status = (headers: Readonly<Record<string, unknown>>) => {
      const { 'grpc-status': told, 'grpc-message': why } = headers;
      if (typeof told === 'string') code = told;
      if (typeof why === 'string') complaint = why;
    };
    stream.once('error', reject);
    stream.on('response', status);
    stream.on('trailers', status);
    stream.on('data', (data: Buffer) => {
      answer = Buffer.concat([answer, data]).subarray(0, MOST_ANSWER_BYTES);
    });
    stream.once('close', () => {
      if (code === GRPC_UNIMPLEMENTED) {
        return resolve({
          ok: false,
          message: `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${complaint}`,
        });
      }
      if (code !== '0') return resolve({ ok: false, message: `error: health rpc probe failed: ${complaint}` });
      const value = statusOf(answer);
      if (value === SERVING) return resolve({ ok: true });
      resolve({ ok: false, message: `service unhealthy (responded with "${STATUS_NAMES[value] ?? value}")` });
    });
    stream.end(request(service));
  });
}

/** HealthCheckRequest{service = 1}, with gRPC's prefix: not compressed, length. */
function request(service: string): Buffer {
  const name = Buffer.from(service).subarray(0, 127);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0x0a, name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** HealthCheckResponse{status = 1}; left out it is 0. */
function statusOf(answer: Buffer): number {
  return answer[5] === 0x08 ? (answer[6] ?? 0) : 0;
}
