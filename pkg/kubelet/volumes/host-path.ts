// hostPath volumes: checks or makes what their type asks for (k8s.io/kubernetes/pkg/volume/hostpath).
import { mkdir, open, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { HostPathVolumeSource } from '../../api/schema/generated/core.v1.gen.ts';
import { isMissing } from './atomic-directory.ts';
import { VolumeError } from './payload.ts';

export async function ensureHostPath({ path, type = '' }: HostPathVolumeSource): Promise<string> {
  const found = await statOf(path);
  switch (type) {
    case '':
      // Container runtimes make the directory when there is nothing.
      if (found === undefined) await mkdir(path, { recursive: true });
      return path;
    case 'DirectoryOrCreate':
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      else require(found.isDirectory(), path, 'a directory');
      return path;
    case 'Directory':
      require(found?.isDirectory(), path, 'a directory');
      return path;
    case 'FileOrCreate':
      if (found === undefined) {
        if ((await statOf(dirname(path))) === undefined)
          throw new VolumeError(`open ${path}: no such file or directory`);
        await (await open(path, 'a', 0o644)).close();
      } else require(found.isFile(), path, 'a file');
      return path;
    case 'File':
      require(found?.isFile(), path, 'a file');
      return path;
    case 'Socket':
      require(found?.isSocket(), path, 'a socket file');
      return path;
    case 'CharDevice':
      require(found?.isCharacterDevice(), path, 'a character device');
      return path;
    case 'BlockDevice':
      require(found?.isBlockDevice(), path, 'a block device');
      return path;
    default:
      throw new VolumeError(`${type} is an invalid volume type`);
  }
}

function require(met: boolean | undefined, path: string, what: string): void {
  if (met !== true) throw new VolumeError(`hostPath type check failed: ${path} is not ${what}`);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
