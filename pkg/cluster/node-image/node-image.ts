// The image that every container of a cluster is made of, in three layers that change ever more often: the system, Node with the
// packages outside the bundles, and the programs. Each layer is an image tagged by its content; what is there is not built.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import type { Clock } from '../../clock/clock.ts';
import { turn } from '../claim.ts';
import { httpStatusOf, ignoringAbsence, untilDone } from '../engine.ts';
import { baseImageTag, BASE_REPOSITORY, buildBaseImage } from './base-image.ts';
import { bundleFiles, contentHash, imageFile, packageFiles, type ImageFile } from './program-files.ts';

const RUNTIME_REPOSITORY = 'typekube/node-runtime';
const NODE_REPOSITORY = 'typekube/node';

export interface NodeImageOptions {
  readonly engine: Docker;
  /** The directory of the bundles; its parent holds manifests/. */
  readonly programs: string;
  /** The Node binary that the programs run on. */
  readonly node: string;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

/** One at a time: who comes second finds what the first has built. */
const BUILDING = 'building node images';
/** Another process may have built an image and not yet made a container of it. */
const UNUSED_FOR_MS = 30 * 60_000;

const TKCTL = '#!/bin/sh\nexec /typekube/bin/node /typekube/dist/tkctl.js "$@"\n';

/** The tag of the image that fits these programs; built when the engine has none. */
export async function ensureNodeImage(options: NodeImageOptions, signal: AbortSignal): Promise<string> {
  const { engine, programs, say } = options;
  const base = baseImageTag();
  const runtimeFiles = [imageFile(options.node, 'bin/node'), ...packageFiles(programs)];
  const runtime = `${RUNTIME_REPOSITORY}:${contentHash(runtimeFiles, base)}`;
  const programFiles = [
    ...bundleFiles(programs),
    imageFile(join(programs, '../manifests/node-image/supervise'), 'bin/supervise'),
    { path: 'bin/tkctl', content: Buffer.from(TKCTL), mode: 0o755 },
  ];
  const image = `${NODE_REPOSITORY}:${contentHash(programFiles, runtime)}`;
  if (await isPresent(engine, image)) return image;
  const waiting = (by: string) => say(`waiting for another tkctl (${by}), which builds the node image`);
  await using _turn = await turn(BUILDING, { holder: `process ${process.pid}`, clock: options.clock, waiting }, signal);
  if (await isPresent(engine, image)) return image;
  if (!(await isPresent(engine, runtime))) {
    if (!(await isPresent(engine, base))) await buildBaseImage(engine, base, say, signal);
    say('adding Node to the node image');
    const check = 'RUN /typekube/bin/node --version && ln -s /typekube/bin/node /typekube/bin/tkctl /usr/local/bin/';
    await buildLayer(engine, { tag: runtime, from: base, files: runtimeFiles, steps: [check] }, signal);
  }
  say('adding the programs to the node image');
  const steps = ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'STOPSIGNAL SIGTERM'];
  const start = 'ENTRYPOINT ["/usr/bin/tini", "--", "/typekube/bin/supervise"]';
  await buildLayer(engine, { tag: image, from: runtime, files: programFiles, steps: [...steps, start] }, signal);
  await removeOldImages(options, new Set([base, runtime, image]));
  return image;
}

async function isPresent(engine: Docker, tag: string): Promise<boolean> {
  try {
    await engine.getImage(tag).inspect();
    return true;
  } catch (cause) {
    if (httpStatusOf(cause) === 404) return false;
    throw cause;
  }
}

async function buildLayer(
  engine: Docker,
  layer: { tag: string; from: string; files: readonly ImageFile[]; steps: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const context = pack();
  const recipe = [`FROM ${layer.from}`, 'COPY typekube /typekube', ...layer.steps];
  context.entry({ name: 'Dockerfile' }, `${recipe.join('\n')}\n`);
  for (const { path, content, mode } of layer.files) context.entry({ name: `typekube/${path}`, mode }, content);
  context.finalize();
  const options = { t: layer.tag, forcerm: true, networkmode: 'none', abortSignal: signal };
  await untilDone(engine, await engine.buildImage(Readable.from(context), options));
}

/** Images of programs that have changed since, unless something is made of them. */
async function removeOldImages({ engine, clock }: NodeImageOptions, current: ReadonlySet<string>): Promise<void> {
  const reference = [NODE_REPOSITORY, RUNTIME_REPOSITORY, BASE_REPOSITORY];
  const images = await engine.listImages({ filters: { reference } });
  const unused = images.filter(({ Created }) => Created * 1000 < clock.now() - UNUSED_FOR_MS);
  const old = unused.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => !current.has(tag));
  // The programs' images first: those below them are in use until then. The engine itself refuses what containers use (409).
  for (const tag of old.toSorted((a, b) => reference.indexOf(repositoryOf(a)) - reference.indexOf(repositoryOf(b)))) {
    await ignoringAbsence(engine.getImage(tag).remove());
  }
}

function repositoryOf(tag: string): string {
  return tag.slice(0, tag.lastIndexOf(':'));
}
