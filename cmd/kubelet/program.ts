// kubelet: reads flags and configuration file, connects to the cluster and to the container engine, and runs the node.
import { homedir } from 'node:os';
import { realClock } from '../../pkg/clock/clock.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { runKubelet } from '../../pkg/kubelet/kubelet.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import { runProgram } from '../program.ts';
import { FLAGS, settingsOf } from './settings.ts';
import { certificateOf, lowestOomScore, mainAddress } from './machine-defaults.ts';

const NAME = 'kubelet';

await runProgram({
  name: NAME,
  summary: 'Registers this machine with a cluster as a node and runs the pods bound to it.',
  flags: FLAGS,
  async run(flags, { log, signal }) {
    const settings = await settingsOf(flags);
    const nodeIps = settings.nodeIps.length > 0 ? settings.nodeIps : [mainAddress()];
    const { transport } = await connectCluster(
      { ...(settings.kubeconfig !== undefined && { path: settings.kubeconfig }), env: process.env, home: homedir() },
      { userAgent: NAME, clock: realClock },
    );
    try {
      const runtime = createDockerRuntime({
        endpoint: settings.runtimeEndpoint,
        nodeName: settings.nodeName,
        network: { name: settings.network, bridge: settings.bridge, subnet: settings.podCidr },
        architecture: process.arch,
        lowestOomScore: await lowestOomScore(),
      });
      await runKubelet(
        {
          client: createClient(transport),
          clock: realClock,
          random: Math.random,
          log,
          runtime,
          nodeName: settings.nodeName,
          nodeIps,
          rootDir: settings.rootDir,
          clusterDns: settings.clusterDns,
          clusterDomain: settings.clusterDomain,
          maxPods: settings.maxPods,
          heartbeat: settings.heartbeat,
          evictionHard: settings.evictionHard,
          evictionPressureTransitionMs: settings.evictionPressureTransitionMs,
          labels: settings.labels,
          taints: settings.taints,
          ...(settings.podCidr !== undefined && { podCidr: settings.podCidr }),
          serving: {
            host: settings.address,
            port: settings.port,
            tls: await certificateOf(settings, nodeIps),
            clientCa: settings.clientCa,
          },
        },
        signal,
      );
    } finally {
      await transport.close();
    }
  },
});
