// Measures: from `kubectl apply` of a Deployment with 50 pods until all are Ready, on the real engine, beside the time the
// engine alone needs for the same containers: 50 sandboxes and 50 containers that join them, created and started through
// its API with 16 calls under way. Images are local, so nothing is pulled. The quotient is what Kubernetes' part costs.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { createTestCluster, projectRoot } from '../e2e/support/test-cluster.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../hack/sample-image.ts';
import { atMost, plain, type Benchmark } from './benchmark.ts';

const PODS = 50;
const AT_ONCE = 16;
const WITHIN_SECONDS = 180;
const COMMAND = ['/bin/busybox', 'sleep', '1000000'];
const LABEL = 'typekube-bench';

export const podsReady: Benchmark = {
  name: 'pods-ready',
  async run(say) {
    await ensureSampleImage(join(projectRoot, 'manifests/examples/hello'), say);
    say(`starting ${PODS} sandboxes and ${PODS} containers on the engine itself`);
    const raw = await rawEngineMs();
    say('creating a cluster');
    const ready = await applyToReadyMs(say);
    return [
      plain(`${PODS} pods' containers on the raw engine (s)`, raw / 1000),
      plain(`apply of ${PODS} pods to all Ready (s)`, ready / 1000),
      atMost('apply to Ready, times the raw engine', ready / raw, 1.25),
    ];
  },
};

async function rawEngineMs(): Promise<number> {
  const engine = new Docker();
  const made: Docker.Container[] = [];
  const network = await engine.createNetwork({ Name: LABEL, Driver: 'bridge', Labels: { [LABEL]: '1' } });
  const start = async (options: Docker.ContainerCreateOptions) => {
    const container = await engine.createContainer({ ...options, Image: SAMPLE_IMAGE, Labels: { [LABEL]: '1' } });
    made.push(container);
    await container.start();
    await container.inspect();
    return container.id;
  };
  try {
    const began = performance.now();
    let next = 0;
    const worker = async () => {
      while (next++ < PODS) {
        const shared = { NetworkMode: LABEL, IpcMode: 'shareable' };
        const sandbox = await start({
          Entrypoint: COMMAND,
          HostConfig: { ...shared, LogConfig: { Type: 'none', Config: {} } },
        });
        const joined = { NetworkMode: `container:${sandbox}`, IpcMode: `container:${sandbox}` };
        await start({ Entrypoint: COMMAND, HostConfig: joined });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return performance.now() - began;
  } finally {
    const remove = async () => {
      for (let container = made.pop(); container !== undefined; container = made.pop()) {
        await container.remove({ force: true, v: true });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, remove));
    await network.remove();
  }
}

async function applyToReadyMs(say: (text: string) => void): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-bench-'));
  const file = join(directory, 'deployment.json');
  writeFileSync(file, JSON.stringify(deployment()));
  await using cluster = await createTestCluster();
  say(`applying a Deployment of ${PODS} pods`);
  const began = performance.now();
  try {
    await cluster.must('apply', '-f', file);
    // One watch, so that waiting costs nothing that the pods could use.
    const waited = await cluster.kubectl('rollout', 'status', 'deployment/bench', `--timeout=${WITHIN_SECONDS}s`);
    if (waited.code !== 0) throw new Error(`not all pods became Ready\n${waited.stderr}\n${await cluster.explain()}`);
    return performance.now() - began;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function deployment(): object {
  const labels = { app: 'bench' };
  const container = { name: 'app', image: SAMPLE_IMAGE, imagePullPolicy: 'Never', command: COMMAND };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bench', namespace: 'default' },
    spec: {
      replicas: PODS,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
      },
    },
  };
}
