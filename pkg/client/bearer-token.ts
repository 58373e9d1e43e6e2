// The bearer token of a client: a fixed one, or one in a file that somebody rotates (service account tokens). The file is
// read again at most once a minute; while it cannot be read the last token stays in use.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock/clock.ts';

const REREAD_AFTER_MS = 60_000;

export interface TokenSource {
  /** Undefined: the client has no token. */
  current(): Promise<string | undefined>;
}

export function tokenSource(from: { token?: string; tokenFile?: string }, clock: Clock): TokenSource {
  const { token, tokenFile } = from;
  if (tokenFile === undefined) return { current: () => Promise.resolve(token === '' ? undefined : token) };
  let known = token;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async current() {
      if (clock.elapsed() - readAt < REREAD_AFTER_MS) return known;
      try {
        known = (await readFile(tokenFile, 'utf8')).trim();
        readAt = clock.elapsed();
      } catch (cause) {
        if (known === undefined) throw new Error(`cannot read the token file ${tokenFile}`, { cause });
      }
      return known;
    },
  };
}
