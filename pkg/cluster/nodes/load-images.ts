// Brings images to the engine of every node of a cluster, from the host's engine or from an archive (docker save), as streams: an
// image is read once, whatever the number of nodes, and held nowhere.
import { createReadStream, existsSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { ClusterError } from '../cluster-record.ts';
import { execIn } from '../engine.ts';
import { imageId } from '../load-into-engine.ts';
import type { NodesRecord } from './nodes-record.ts';

export interface LoadOptions {
  readonly engine: Docker;
  readonly record: NodesRecord;
  /** Names of images in the host's engine, or paths of archives. */
  readonly images: readonly string[];
  /** `path` as the caller sees it. */
  readonly resolve: (path: string) => string;
  readonly say: (step: string) => void;
}

/** Throws ClusterError when an image is nowhere, or a node does not take it. */
export async function loadImages(options: LoadOptions, signal: AbortSignal): Promise<void> {
  const { engine, record, say } = options;
  const nodes = record.containers.filter(({ role }) => role !== 'load-balancer').map(({ name }) => name);
  for (const image of options.images) {
    const path = options.resolve(image);
    const archive = existsSync(path);
    const id = archive ? undefined : await imageId(engine, image);
    const missing = id === undefined ? nodes : await nodesWithout(engine, nodes, image, id, signal);
    if (missing.length === 0) {
      say(`${image} is on every node already`);
      continue;
    }
    say(`loading ${image} on ${missing.length} ${missing.length === 1 ? 'node' : 'nodes'}`);
    const source = archive ? createReadStream(path) : await savedImage(engine, image);
    await Promise.all(
      toEach(source, missing.length).map((copy, index) => loadOn(engine, missing[index] ?? '', copy, signal)),
    );
  }
}

async function nodesWithout(
  engine: Docker,
  nodes: readonly string[],
  image: string,
  id: string,
  signal: AbortSignal,
): Promise<string[]> {
  const has = await Promise.all(
    nodes.map(async (node) => {
      const command = ['docker', 'image', 'inspect', '--format', '{{.Id}}', image];
      return (await execIn(engine, node, command, signal)).stdout.trim() === id;
    }),
  );
  return nodes.filter((_, index) => has[index] !== true);
}

async function savedImage(engine: Docker, image: string): Promise<Readable> {
  // The engine's answer is an http.IncomingMessage; the types only promise the older interface.
  return (await engine.getImage(image).get()) as unknown as Readable;
}

/** As fast as the slowest reader: a stream that is piped to several waits for all of them. */
function toEach(source: Readable, count: number): PassThrough[] {
  const copies = Array.from({ length: count }, () => source.pipe(new PassThrough()));
  source.once('error', (error) => copies.forEach((copy) => copy.destroy(error)));
  return copies;
}

async function loadOn(engine: Docker, node: string, archive: Readable, signal: AbortSignal): Promise<void> {
  const command = ['docker', 'load', '--quiet'];
  const { code, stderr } = await execIn(engine, node, command, signal, (input) => pipeline(archive, input, { signal }));
  if (code !== 0) throw new ClusterError(`${node} does not take the image: ${stderr.trim() || `exit code ${code}`}`);
}
