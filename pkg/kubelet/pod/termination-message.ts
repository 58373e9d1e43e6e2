// What a container said of its end: the file at terminationMessagePath, or the end of its log where the policy allows.
import { open } from 'node:fs/promises';
import type { Container } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerRecord, ContainerRuntime } from '../runtime/runtime.ts';
import { isMissing } from '../volumes/atomic-directory.ts';
import { terminationLogPath } from './container-starter.ts';

const MOST_BYTES = 4096;
const MOST_LOG_BYTES = 2048;
const MOST_LOG_LINES = 80;

export async function readTerminationMessage(
  record: ContainerRecord,
  spec: Container,
  podDirectory: string,
  runtime: ContainerRuntime,
  signal: AbortSignal,
): Promise<string> {
  const written = await startOf(terminationLogPath(podDirectory, record.name, record.attempt));
  if (written !== '') return written;
  if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || record.exitCode === 0) return '';
  let text = Buffer.alloc(0);
  const options = { follow: false, timestamps: false, tailLines: MOST_LOG_LINES, since: undefined };
  for await (const { data } of await runtime.logs(record.id, options, signal)) {
    text = Buffer.concat([text, data]).subarray(-MOST_LOG_BYTES);
  }
  return text.toString();
}

async function startOf(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
      return buffer.subarray(0, bytesRead).toString();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
