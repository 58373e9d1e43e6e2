// An image for pods under test, made of the machine's own static busybox: no registry answers here.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

const BUSYBOX = '/bin/busybox';

/** Why tests with containers cannot run here; undefined: they can. */
export async function missingForContainers(docker: Docker): Promise<string | undefined> {
  if (!existsSync(BUSYBOX)) return `${BUSYBOX} (package busybox-static) is not there`;
  try {
    await docker.ping();
    return undefined;
  } catch {
    return 'no container engine answers';
  }
}

/** Under `image`, `repository:tag`; with every applet of busybox in /bin. */
export async function importBusyboxImage(docker: Docker, image: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(BUSYBOX));
  for (const applet of execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') archive.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  }
  archive.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/sh\n');
  archive.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  archive.finalize();
  const [repo, tag] = image.split(':');
  const progress = await docker.importImage(Readable.from(archive), { repo, tag });
  await once(progress.resume(), 'end');
}
