// What the engine inside a node runs and holds, asked of the node itself: the truth beside what the API says.
import type { NodesCluster } from '../support/nodes-cluster.ts';

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** Containers of pods with `app=web`, running ones only, by the name of their pod. */
export async function runningWebPods(cluster: NodesCluster, node: string): Promise<string[]> {
  const format = '{{.Label "io.kubernetes.pod.name"}} {{.Label "io.kubernetes.container.name"}}';
  const listed = await cluster.exec(node, 'docker', 'ps', '--format', format);
  return lines(listed.stdout)
    .filter((line) => line.endsWith(' web'))
    .map((line) => line.split(' ')[0] ?? '')
    .toSorted();
}

/** What a node would leak into: every list is empty of pods' things when no pod runs there. */
export async function nodeRemains(cluster: NodesCluster, node: string): Promise<Record<string, string[]>> {
  const ask = async (...command: string[]) => {
    const { code, stdout, stderr } = await cluster.exec(node, ...command);
    if (code !== 0) throw new Error(`${node}: ${command.join(' ')}: exit ${code} ${stderr}`);
    return lines(stdout).toSorted();
  };
  const [containers, volumes, mounts, routes, addresses, devices, rules, pods] = await Promise.all([
    ask('docker', 'ps', '-a', '--format', '{{.Names}}'),
    ask('docker', 'volume', 'ls', '-q'),
    ask('sh', '-c', 'cut -d" " -f2 /proc/mounts'),
    ask('ip', '-4', 'route'),
    ask('sh', '-c', "ip -4 -o address | awk '{print $2, $4}'"),
    ask('sh', '-c', "ip -o link | awk -F': ' '{print $2}' | cut -d@ -f1"),
    // The engine outside numbers the ports of its name server anew whenever the container starts.
    // What the kernel remembers for a while, as the heartbeats of servers, comes and goes by itself.
    ask(
      'sh',
      '-c',
      "nft list ruleset | grep -v -e 127.0.0.11 -e expires | sed 's/counter packets [0-9]* bytes [0-9]*//'",
    ),
    ask('sh', '-c', 'ls /var/lib/typekube/node/kubelet/pods 2>/dev/null || true'),
  ]);
  return { containers, volumes, mounts, routes, addresses, devices, rules, pods };
}
