// An archive of texts for a bug report. What cannot be had is said in its place: a report is wanted most when something is broken.
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { messageWithCauses } from '../../logging/logger.ts';

export interface ReportEntry {
  readonly path: string;
  readonly ask: (signal: AbortSignal) => Promise<string>;
}

const LONGEST_TEXT = 8 * 1024 * 1024;
const WITHIN_MS = 30_000;

/** Writes `file` (.tar.gz) with everything below a directory `name`. Of a long text the end is kept. */
export async function writeReport(
  file: string,
  name: string,
  entries: AsyncIterable<ReportEntry>,
  signal: AbortSignal,
): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createGzip(), createWriteStream(file, { mode: 0o600 }), { signal });
  const collected = collect(archive, name, entries, signal).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  await Promise.all([written, collected]);
}

async function collect(
  archive: Pack,
  name: string,
  entries: AsyncIterable<ReportEntry>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { path, ask } of entries) {
    const late = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
    const text = await ask(late).catch((error: unknown) => `cannot be had: ${messageWithCauses(error)}\n`);
    signal.throwIfAborted();
    const bytes = Buffer.from(text);
    const tail = bytes.subarray(Math.max(0, bytes.length - LONGEST_TEXT));
    await new Promise<void>((resolve, reject) => {
      archive.entry({ name: `${name}/${path}` }, tail, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}
