// Keeps a second process out of a data directory. An abstract socket belongs to the living process and goes with it,
// also on kill -9, so no stale lock can remain.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  if (process.platform !== 'linux') return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const taken = 'code' in cause && cause.code === 'EADDRINUSE';
      reject(
        taken
          ? new DirectoryInUseError(`${directory} is in use by another process`, { cause })
          : new Error(`cannot lock ${directory}`, { cause }),
      );
    });
    server.listen(`\0typekube-store-${name}`, resolve);
  });
  server.unref();
  return {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
