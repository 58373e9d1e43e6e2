// kubelet: reads flags and configuration file, connects to the cluster and to the container engine, and runs the node.
import { realClock } from '../../pkg/clock/clock.ts';
import { runKubelet, type KubeletOptions } from '../../pkg/kubelet/kubelet.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import { runProgram } from '../program.ts';
import { runTogether } from '../run-together.ts';
import { connectKubelet } from './connection.ts';
import { servingKeeper, servingSource, type CertificateOptions } from './node-certificates.ts';
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
    const certificates: CertificateOptions = {
      nodeName: settings.nodeName,
      directory: settings.certDir,
      bootstrapKubeconfig: settings.bootstrapKubeconfig,
      userAgent: NAME,
      log,
    };
    await using connection = await connectKubelet(settings, certificates, log, signal);
    const { client } = connection;
    const serving = settings.rotateServerCertificates ? await servingKeeper(certificates, nodeIps, client) : undefined;
    const runtime = createDockerRuntime({
      endpoint: settings.runtimeEndpoint,
      nodeName: settings.nodeName,
      network: { name: settings.network, bridge: settings.bridge, subnet: settings.podCidr },
      architecture: process.arch,
      lowestOomScore: await lowestOomScore(),
    });
    const options: KubeletOptions = {
      client,
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
      heartbeatLost: () => connection.reconnect(),
      evictionHard: settings.evictionHard,
      evictionPressureTransitionMs: settings.evictionPressureTransitionMs,
      labels: settings.labels,
      taints: settings.taints,
      ...(settings.podCidr !== undefined && { podCidr: settings.podCidr }),
      serving: {
        host: settings.address,
        port: settings.port,
        tls: serving === undefined ? await certificateOf(settings, nodeIps) : servingSource(serving),
        clientCa: settings.clientCa,
        webhookTokens: settings.webhookTokens,
        authorization: settings.authorization,
      },
    };
    await runTogether(
      [
        (until) => connection.run(until),
        (until) => serving?.run(until) ?? Promise.resolve(),
        (until) => runKubelet(options, until),
      ],
      signal,
    );
  },
});
