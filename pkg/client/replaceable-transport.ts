// A transport whose credentials are renewed while it is used. New calls go by the new one at once; what the old one has begun may end
// within a moment, then its connections are closed, and watches resume by the new one where they stood.
import type { Clock } from '../clock/clock.ts';
import type { NetworkTransport } from './transport.ts';

/** Longer than a request takes, shorter than what the old credentials are yet good for. */
const OLD_LIVES_MS = 5_000;

export interface ReplaceableTransport extends NetworkTransport {
  replace(next: NetworkTransport): void;
}

export function replaceableTransport(first: NetworkTransport, clock: Clock): ReplaceableTransport {
  let current = first;
  const old = new Map<NetworkTransport, Disposable>();
  const end = (transport: NetworkTransport) => {
    old.get(transport)?.[Symbol.dispose]();
    old.delete(transport);
    return transport.close();
  };
  return {
    ...(first.host !== undefined && { host: first.host }),
    request: (request, signal) => current.request(request, signal),
    watch: (path, signal) => current.watch(path, signal),
    stream: (request, signal) => current.stream(request, signal),
    connect: (path, signal) => current.connect(path, signal),
    dropConnections() {
      for (const transport of [...old.keys(), current]) transport.dropConnections();
    },
    replace(next) {
      const before = current;
      current = next;
      // Closing does not fail: it ends connections that may have ended already.
      old.set(
        before,
        clock.schedule(OLD_LIVES_MS, () => void end(before)),
      );
    },
    async close() {
      await Promise.all([...old.keys(), current].map((transport) => end(transport)));
    },
  };
}
