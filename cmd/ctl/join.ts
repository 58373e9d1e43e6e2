// `tkctl join` and `tkctl leave`: whether this machine is a node. The work is pkg/cluster's; here are its flags and what a person sees.
import { existsSync, realpathSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join as joinPath, resolve } from 'node:path';
import { parseToken } from '../../pkg/api/core/v1/bootstrap-token.ts';
import { dnsSubdomainFaults } from '../../pkg/api/meta/names.ts';
import type { Taint } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { freePort, primaryAddress } from '../../pkg/cluster/host-addresses.ts';
import { joinCluster } from '../../pkg/cluster/join.ts';
import { leaveCluster } from '../../pkg/cluster/leave.ts';
import { isNodeRunning, startNode } from '../../pkg/cluster/node-process.ts';
import { NODE_DIRECTORY, nodeFiles, readNodeRecord } from '../../pkg/cluster/node-record.ts';
import { untilNodeReady } from '../../pkg/cluster/node-readiness.ts';
import { command, type World } from '../../pkg/ctl/cli/command.ts';
import { Failure, UsageFailure } from '../../pkg/ctl/cli/failure.ts';
import { arrayFlag, boolFlag, intFlag, listFlag, stringFlag } from '../../pkg/ctl/cli/flags.ts';
import { removeNodeNetwork } from '../../pkg/network/node-network.ts';

/** Bridges of container engines, ours among them, come and go; the node's address must not. */
const ENGINE_DEVICE = /^(docker|br-|veth|tk\d|cni|flannel)/;
const KUBELET_PORT = 10_250;

const directoryFlag = {
  directory: stringFlag('Where the files of this node lie.', { default: NODE_DIRECTORY }),
};

export const join = command({
  summary: 'Make this machine a node of a cluster',
  usage: 'HOST:PORT --token TOKEN --discovery-token-ca-cert-hash sha256:HASH',
  notes:
    'The whole command is what "tkctl token create" prints where the cluster is administered. This machine needs a running ' +
    'Docker Engine, nft and root. Running it again on a machine that has joined changes nothing.',
  examples: ['join 192.0.2.1:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:...'],
  flags: {
    ...directoryFlag,
    token: stringFlag('The bootstrap token.'),
    'discovery-token-ca-cert-hash': arrayFlag(
      "Hash of the public key of the cluster's authority (sha256:HEX); may be repeated.",
    ),
    'discovery-token-unsafe-skip-ca-verification': boolFlag('Believe whoever knows the token, without such a hash.'),
    'node-name': stringFlag('Name of the node; the host name by default.'),
    'node-ip': stringFlag('Address of the node; that of the default route by default.'),
    engine: stringFlag('Where the Docker Engine listens; $DOCKER_HOST, or unix:///var/run/docker.sock by default.'),
    'pod-network': stringFlag("Name of the engine's network that pods join.", { default: 'typekube' }),
    'pod-bridge': stringFlag('Name of the bridge device of that network.', { default: 'tk0' }),
    'kubelet-port': intFlag('Port of the kubelet; 0 means 10250, or a free one where that is taken.'),
    'node-labels': listFlag('Labels of the node, key=value.'),
    'register-with-taints': listFlag('Taints of the node, key=value:effect.'),
    'no-start': boolFlag('Only join; somebody else starts and keeps running dist/node.js.'),
  },
  async run({ flags, args }, world) {
    const [endpoint = ''] = args;
    if (args.length !== 1) throw new UsageFailure('give the address of one API server: HOST:PORT');
    if (!/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(endpoint))
      throw new UsageFailure(`"${endpoint}" is not HOST:PORT`);
    requireRoot();
    const token = parseToken(flags.token);
    if (token === undefined) {
      throw new Failure(
        flags.token === ''
          ? '--token is missing; "tkctl token create" makes one'
          : `--token: "${flags.token}" is no token`,
      );
    }
    const pins = pinsOf(flags['discovery-token-ca-cert-hash'], flags['discovery-token-unsafe-skip-ca-verification']);
    const directory = resolve(world.cwd, flags.directory);
    const { record, before } = await joinCluster(
      {
        endpoint,
        token,
        pins,
        directory,
        nodeName: nodeNameOf(flags['node-name']),
        nodeIp: nodeIpOf(flags['node-ip']),
        engine: flags.engine || (world.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'),
        bridge: flags['pod-bridge'],
        network: flags['pod-network'],
        kubeletPort: flags['kubelet-port'] || (await freePort(KUBELET_PORT)),
        labels: labelsOf(flags['node-labels']),
        taints: flags['register-with-taints'].map(taintOf),
        clock: world.clock,
        say: progress(world),
      },
      world.signal,
    );
    const asked = endpoint === new URL(record.server).host;
    if (before) {
      const other = asked ? '' : '; to join another one, leave first with "tkctl leave"';
      world.out.write(`This machine is node "${record.nodeName}" of the cluster at ${record.server} already${other}\n`);
      if (flags['no-start'] || isNodeRunning(directory)) return 0;
    }
    if (flags['no-start']) {
      world.out.write(`This machine is node "${record.nodeName}" now; run node.js --directory=${directory}\n`);
      return 0;
    }
    progress(world)('starting the node');
    startNode(directory, joinPath(programDirectory(), 'node.js'), world.env);
    await untilNodeReady({ directory, record, clock: world.clock }, world.signal);
    world.out.write(`Node "${record.nodeName}" is ready; its log is ${nodeFiles(directory).log}\n`);
    return 0;
  },
});

export const leave = command({
  summary: 'Take this machine out of its cluster and remove every trace of it',
  usage: '',
  notes: 'Pods of this node are ended. To move them elsewhere in good order, run "tkctl drain" before.',
  examples: ['leave'],
  flags: directoryFlag,
  async run({ flags, args }, world) {
    if (args.length > 0) throw new UsageFailure(`no arguments are taken, got ${args.join(' ')}`);
    requireRoot();
    const directory = resolve(world.cwd, flags.directory);
    if (existsSync(directory) && readNodeRecord(directory) === undefined && !existsSync(nodeFiles(directory).pki))
      throw new Failure(`${directory} is no directory of a node`);
    const record = await leaveCluster(
      {
        directory,
        clock: world.clock,
        say: progress(world),
        warn: (sentence) => world.err.write(`Warning: ${sentence}\n`),
        removeHostRules: ({ bridge }) => removeNodeNetwork({ bridge }),
      },
      world.signal,
    );
    world.out.write(
      record === undefined
        ? 'This machine is no node; nothing to leave\n'
        : `Node "${record.nodeName}" has left the cluster at ${record.server}\n`,
    );
    return 0;
  },
});

function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new Failure('only root can change whether this machine is a node');
}

function pinsOf(given: readonly string[], skip: boolean): readonly string[] {
  if (given.length === 0 && !skip) {
    throw new Failure(
      '--discovery-token-ca-cert-hash is missing; without it, only --discovery-token-unsafe-skip-ca-verification goes',
    );
  }
  const wrong = given.find((pin) => !/^sha256:[0-9a-fA-F]{64}$/.test(pin));
  if (wrong !== undefined)
    throw new Failure(`--discovery-token-ca-cert-hash: "${wrong}" is not sha256: and 64 hexadecimal digits`);
  return skip ? [] : given.map((pin) => pin.toLowerCase());
}

function nodeNameOf(given: string): string {
  const name = (given || hostname()).toLowerCase();
  if (dnsSubdomainFaults(name).length > 0)
    throw new Failure(`"${name}" cannot name a node; give another name by --node-name`);
  return name;
}

function nodeIpOf(given: string): string {
  const address = given || primaryAddress((device) => ENGINE_DEVICE.test(device));
  if (address === undefined)
    throw new Failure('this machine has no address that others could reach; give one by --node-ip');
  if (isIP(address) !== 4) throw new Failure(`--node-ip: "${address}" is no IPv4 address`);
  return address;
}

function labelsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((label) => {
      const match = /^([^=\s]+)=([^=\s]*)$/.exec(label);
      if (match === null) throw new UsageFailure(`--node-labels: "${label}" is not key=value`);
      return [match[1] ?? '', match[2] ?? ''];
    }),
  );
}

function taintOf(text: string): Taint {
  const match = /^([^=:\s]+)(?:=([^:\s]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
  if (match === null) throw new UsageFailure(`--register-with-taints: "${text}" is not key=value:effect`);
  const [, key = '', value, effect = ''] = match;
  return { key, ...(value !== undefined && value !== '' && { value }), effect };
}

/** The bundles lie beside the one that runs. */
function programDirectory(): string {
  return dirname(realpathSync(process.argv[1] ?? '.'));
}

/** Steps go to stderr, so that stdout holds the result alone. */
function progress(world: World): (step: string) => void {
  return (step) => world.err.write(` * ${step}\n`);
}
