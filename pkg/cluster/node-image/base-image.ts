// The system below the programs of a node: a Debian with a container engine, packet filter tools and etcd. From a registry
// where one answers, by debootstrap where none does; tagged by what it is made of, so that it is made once.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { ClusterError } from '../cluster-record.ts';
import { untilDone } from '../engine.ts';
import { contentHash } from './program-files.ts';
import { messageWithCauses } from '../../logging/logger.ts';

export const BASE_REPOSITORY = 'typekube/node-base';
const SUITE = 'bookworm';
const REGISTRY_IMAGE = `debian:${SUITE}-slim`;
const PACKAGES = [
  'ca-certificates',
  'conntrack',
  'docker.io',
  'etcd-server',
  'iproute2',
  'iptables',
  'nftables',
  'procps',
  'tini',
];
const LEFTOVER = 'typekube-node-base-';
const PULL_WITHIN_MS = 20_000;
const BUILD_WITHIN_MS = 600_000;
/** What nobody reads in a node. */
const DROPPED = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];

export function baseImageTag(): string {
  return `${BASE_REPOSITORY}:${contentHash([], `${SUITE} ${PACKAGES.join(' ')} ${DROPPED.join(' ')}`)}`;
}

/** Makes the image `tag`, which is not there yet. */
export async function buildBaseImage(
  engine: Docker,
  tag: string,
  say: (step: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const ways = [
    { name: `from ${REGISTRY_IMAGE}`, make: fromRegistry },
    { name: 'by debootstrap', make: byDebootstrap },
  ];
  const refusals: string[] = [];
  for (const { name, make } of ways) {
    say(`building the base of the node image ${name}`);
    try {
      await make(engine, tag, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      refusals.push(`${name}: ${messageWithCauses(error)}`);
    }
  }
  throw new ClusterError(`the base of the node image cannot be built; ${refusals.join('; ')}`);
}

async function fromRegistry(engine: Docker, tag: string, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PULL_WITHIN_MS)]);
  const [name = '', version] = REGISTRY_IMAGE.split(':');
  const present = await engine.listImages({ filters: { reference: [REGISTRY_IMAGE] } });
  if (present.length === 0) {
    const pull = await engine.createImage({ fromImage: name, tag: version, abortSignal: patience });
    await untilDone(engine, pull);
  }
  const drop = DROPPED.map((path) => `/${path}`).join(' ');
  const recipe = [
    `FROM ${REGISTRY_IMAGE}`,
    `RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${PACKAGES.join(' ')} && rm -rf ${drop}`,
  ].join('\n');
  const context = pack();
  context.entry({ name: 'Dockerfile' }, `${recipe}\n`);
  context.finalize();
  const output = await engine.buildImage(Readable.from(context), {
    t: tag,
    forcerm: true,
    abortSignal: AbortSignal.any([signal, AbortSignal.timeout(BUILD_WITHIN_MS)]),
  });
  await untilDone(engine, output);
}

async function byDebootstrap(engine: Docker, tag: string, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0) throw new ClusterError('it needs root');
  ensureDebootstrap();
  removeLeftovers();
  const directory = mkdtempSync(join(tmpdir(), LEFTOVER));
  const root = join(directory, 'root');
  try {
    const include = `--include=${PACKAGES.join(',')}`;
    await run('debootstrap', ['--variant=minbase', include, SUITE, root, debianMirror()], signal);
    for (const path of DROPPED) rmSync(join(root, path), { recursive: true, force: true });
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'], signal });
    const failed = new Promise<never>((_, reject) => tar.once('error', reject));
    const [repository = '', version] = tag.split(':');
    const imported = engine
      .importImage(tar.stdout, { repo: repository, tag: version })
      .then((output) => untilDone(engine, output));
    await Promise.race([imported, failed]);
  } finally {
    removeRoot(directory);
  }
}

/** Of builds that were killed: one at a time builds, so whatever lies there is nobody's. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) if (name.startsWith(LEFTOVER)) removeRoot(join(tmpdir(), name));
}

/** An interrupted debootstrap leaves file systems of the kernel mounted in its root. */
function removeRoot(directory: string): void {
  for (const mount of mountsBelow(directory)) spawnSync('umount', ['--lazy', mount]);
  if (mountsBelow(directory).length > 0)
    throw new ClusterError(`cannot unmount what a build has left below ${directory}`);
  // What a build that was killed has started may still write there for a moment.
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
}

function ensureDebootstrap(): void {
  const installed = () => spawnSync('sh', ['-c', 'command -v debootstrap']).status === 0;
  if (installed()) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'debootstrap']]) {
    spawnSync('apt-get', ['-qq', ...args], { env, stdio: 'ignore' });
  }
  if (!installed()) throw new ClusterError('install debootstrap, or make a registry reachable, and try again');
}

/** Where this machine has its own packages from, if it is a Debian. */
function debianMirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const [mirror] =
      /https?:\/\/[^\s]+\/debian\/?(?=\s)/.exec(readFileSync(file, 'utf8').replaceAll(/^\s*#.*$/gm, '')) ?? [];
    if (mirror !== undefined) return mirror;
  }
  return 'http://deb.debian.org/debian';
}

function run(command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let tail = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-2000)));
    }
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new ClusterError(`${command} failed: ${tail.trim().split('\n').at(-1) ?? ''}`)),
    );
  });
}

/** Mount points below a directory, the deepest first. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();
}
