// `kubectl apply` of a text, by way of a file: what runs kubectl in tests gives it no input.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function applyText(cluster: { must(...args: string[]): Promise<string> }, text: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-apply-'));
  try {
    const file = join(directory, 'objects.json');
    writeFileSync(file, text);
    await cluster.must('apply', '-f', file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
