// What a container has printed, as text with times, for a bug report.
import type Docker from 'dockerode';

/** `tail`: of how many lines. */
export async function containerLog(container: Docker.Container, tail: number): Promise<string> {
  return plainText(await container.logs({ stdout: true, stderr: true, timestamps: true, tail }));
}

/** Without the engine's frames of eight bytes that say which stream a part is of. */
function plainText(log: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length;) {
    const length = log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString();
}
