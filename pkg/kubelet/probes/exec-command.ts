// Runs a command in a container to its end and keeps the beginning of what it prints.
import type { ContainerRuntime } from '../runtime/runtime.ts';

const MOST_OUTPUT_BYTES = 10 * 1024;

export async function execInContainer(
  runtime: ContainerRuntime,
  containerId: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  const session = await runtime.exec(
    containerId,
    { command, stdin: false, stdout: true, stderr: true, tty: false },
    signal,
  );
  try {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const { data } of session.output) {
      if (size >= MOST_OUTPUT_BYTES) continue;
      pieces.push(data);
      size += data.length;
    }
    signal.throwIfAborted();
    const output = Buffer.concat(pieces).subarray(0, MOST_OUTPUT_BYTES).toString();
    return { exitCode: (await session.exitCode()) ?? 0, output };
  } catch (error) {
    // Nobody waits for it any more: left alone, one would pile up on the other.
    await session.kill();
    throw error;
  } finally {
    session.close();
  }
}
