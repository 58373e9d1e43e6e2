// GET /metrics/resource of a kubelet, with the API server's own credentials.
import { request } from 'node:https';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Clock } from '../../clock/clock.ts';
import { kubeletAddress, tlsOptions, type KubeletConnections } from '../registry/subresources/kubelet-connections.ts';
import { readScrape, type Scrape } from './usage.ts';

/** Some 40,000 containers. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

/** Rejects when the kubelet cannot be reached or does not answer with metrics. */
export function scrapeKubelet(
  node: Node,
  kubelets: KubeletConnections | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Scrape> {
  return new Promise((resolve, reject) => {
    const address = kubeletAddress(node);
    const asking = request({ ...tlsOptions(kubelets), ...address, path: '/metrics/resource', signal });
    asking.once('error', reject);
    asking.once('response', (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume();
        return reject(new Error(`the kubelet answered ${answer.statusCode}`));
      }
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LONGEST_ANSWER) asking.destroy(new Error(`more than ${LONGEST_ANSWER} bytes of metrics`));
      });
      answer.once('error', reject);
      answer.once('end', () => resolve(readScrape(Buffer.concat(chunks).toString('utf8'), clock.now())));
    });
    asking.end();
  });
}
