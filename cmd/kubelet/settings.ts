// The kubelet's flags and its configuration file (kubelet.config.k8s.io/v1beta1 KubeletConfiguration). A flag that is given
// counts more than the file. Fields of the file that this kubelet does not know are refused by name.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import { parse } from 'yaml';
import { messageWithCauses } from '../../pkg/logging/logger.ts';
import type { Taint } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { DEFAULT_THRESHOLDS, parseThresholds } from '../../pkg/kubelet/eviction/thresholds.ts';
import type { AuthorizationMode } from '../../pkg/kubelet/server/callers.ts';
import { DEFAULT_HEARTBEAT, type Heartbeat } from '../../pkg/kubelet/node/heartbeat.ts';
import { durationFlag } from '../controller-manager/flags.ts';
import { UsageError } from '../program.ts';

export interface Settings {
  readonly kubeconfig: string | undefined;
  readonly bootstrapKubeconfig: string | undefined;
  /** Where certificates lie that the node asks for itself. */
  readonly certDir: string;
  readonly rotateCertificates: boolean;
  readonly rotateServerCertificates: boolean;
  readonly nodeName: string;
  readonly nodeIps: readonly string[];
  readonly rootDir: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly podCidr: string | undefined;
  readonly maxPods: number;
  readonly heartbeat: Heartbeat;
  readonly evictionHard: Readonly<Record<string, string>>;
  readonly evictionPressureTransitionMs: number;
  readonly address: string;
  readonly port: number;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  /** PEM. */
  readonly clientCa: string | undefined;
  readonly webhookTokens: boolean;
  readonly authorization: AuthorizationMode;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly runtimeEndpoint: string;
  readonly network: string;
  readonly bridge: string;
}

export const FLAGS: readonly Option[] = [
  new Option('--kubeconfig <path>', 'path to a kubeconfig file, specifying how to connect to the API server'),
  new Option(
    '--bootstrap-kubeconfig <path>',
    'kubeconfig to get a client certificate with, when the one that --kubeconfig names does not exist',
  ),
  new Option('--cert-dir <path>', 'where the certificates lie that the node gets (default ROOT_DIR/pki)'),
  new Option('--rotate-certificates [bool]', 'renew the client certificate in --cert-dir before it expires').preset(
    'true',
  ),
  new Option(
    '--rotate-server-certificates [bool]',
    'get the serving certificate from the cluster, and renew it before it expires',
  ).preset('true'),
  new Option(
    '--config <path>',
    'the kubelet will load its initial configuration from this file (KubeletConfiguration)',
  ),
  new Option(
    '--hostname-override <name>',
    'if non-empty, will use this string as identification instead of the actual hostname',
  ),
  new Option('--node-ip <ips>', 'IP address (or comma-separated addresses) of the node'),
  new Option('--root-dir <path>', 'directory path for managing kubelet files').default('/var/lib/kubelet'),
  new Option('--cluster-dns <ips>', 'comma-separated list of DNS server IP address'),
  new Option('--cluster-domain <domain>', 'domain for this cluster'),
  new Option('--pod-cidr <cidr>', 'the CIDR to use for pod IP addresses'),
  new Option('--max-pods <n>', 'number of pods that can run on this kubelet'),
  new Option(
    '--eviction-hard <list>',
    'pods are evicted below these thresholds, such as memory.available<1Gi,nodefs.available<10%',
  ),
  new Option(
    '--eviction-pressure-transition-period <duration>',
    'how long the kubelet waits before a pressure condition ends (default 5m)',
  ),
  new Option('--node-status-update-frequency <duration>', 'how often the node looks at itself (default 10s)'),
  new Option(
    '--node-lease-duration-seconds <n>',
    "duration of the node's Lease, which is renewed four times in it (default 40)",
  ),
  new Option('--address <ip>', 'the IP address for the kubelet to serve on'),
  new Option('--port <n>', 'the port for the kubelet to serve on'),
  new Option('--tls-cert-file <path>', 'file containing x509 certificate used for serving HTTPS'),
  new Option('--tls-private-key-file <path>', 'file containing x509 private key matching --tls-cert-file'),
  new Option(
    '--client-ca-file <path>',
    'callers that present a certificate signed by one of these authorities are authenticated',
  ),
  new Option(
    '--authentication-token-webhook [bool]',
    'ask the API server whose bearer token one is (default true)',
  ).preset('true'),
  new Option(
    '--authorization-mode <mode>',
    'Webhook (the default) asks the API server what callers may do, AlwaysAllow asks nobody',
  ),
  new Option('--node-labels <list>', 'labels to add when registering the node, key=value pairs separated by commas'),
  new Option(
    '--register-with-taints <list>',
    'register the node with these taints, <key>=<value>:<effect> separated by commas',
  ),
  new Option('--container-runtime-endpoint <url>', 'the endpoint of the container engine (unix:// or tcp://)'),
  new Option('--pod-network <name>', "name of the engine's network that pods join").default('typekube'),
  new Option('--pod-bridge <device>', 'name of the bridge device of that network').default('tk0'),
];

type Kind = 'string' | 'number' | 'boolean' | 'strings' | 'object' | 'objects';

/** The fields that count; those with undefined are taken and mean nothing here. */
const FIELDS: Readonly<Record<string, Kind>> = {
  kind: 'string',
  apiVersion: 'string',
  address: 'string',
  port: 'number',
  tlsCertFile: 'string',
  tlsPrivateKeyFile: 'string',
  clusterDNS: 'strings',
  clusterDomain: 'string',
  podCIDR: 'string',
  maxPods: 'number',
  evictionHard: 'object',
  evictionPressureTransitionPeriod: 'string',
  nodeLeaseDurationSeconds: 'number',
  nodeStatusReportFrequency: 'string',
  nodeStatusUpdateFrequency: 'string',
  registerWithTaints: 'objects',
  rotateCertificates: 'boolean',
  serverTLSBootstrap: 'boolean',
  authentication: 'object',
  authorization: 'object',
  containerRuntimeEndpoint: 'string',
};

/** Throws UsageError for what cannot be. */
export async function settingsOf(flags: Readonly<Record<string, unknown>>): Promise<Settings> {
  const path = text(flags['config']);
  const file = path === undefined ? {} : await readConfiguration(path);
  const clientCaFile = text(flags['clientCaFile']) ?? clientCaOf(file);
  const tlsCertFile = text(flags['tlsCertFile']) ?? text(file['tlsCertFile']);
  const tlsKeyFile = text(flags['tlsPrivateKeyFile']) ?? text(file['tlsPrivateKeyFile']);
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined)) {
    throw new UsageError('--tls-cert-file and --tls-private-key-file are given together or not at all');
  }
  const maxPods = count('--max-pods', flags['maxPods'] ?? file['maxPods'] ?? 110, 1, 10_000);
  return {
    kubeconfig: text(flags['kubeconfig']),
    bootstrapKubeconfig: text(flags['bootstrapKubeconfig']),
    certDir: text(flags['certDir']) ?? join(text(flags['rootDir']) ?? '/var/lib/kubelet', 'pki'),
    rotateCertificates: flag('--rotate-certificates', flags['rotateCertificates'] ?? file['rotateCertificates']),
    rotateServerCertificates: flag(
      '--rotate-server-certificates',
      flags['rotateServerCertificates'] ?? file['serverTLSBootstrap'],
    ),
    nodeName: (text(flags['hostnameOverride']) ?? hostname()).toLowerCase(),
    nodeIps: list(flags['nodeIp']),
    rootDir: text(flags['rootDir']) ?? '/var/lib/kubelet',
    clusterDns: flags['clusterDns'] === undefined ? texts(file['clusterDNS']) : list(flags['clusterDns']),
    clusterDomain: text(flags['clusterDomain']) ?? text(file['clusterDomain']) ?? 'cluster.local',
    podCidr: text(flags['podCidr']) ?? text(file['podCIDR']),
    maxPods,
    heartbeat: heartbeatOf(flags, file),
    evictionHard: thresholdsOf(flags, file),
    evictionPressureTransitionMs:
      durationIn(flags, 'evictionPressureTransitionPeriod', '--eviction-pressure-transition-period') ??
      durationIn(file, 'evictionPressureTransitionPeriod', '--config: evictionPressureTransitionPeriod') ??
      DEFAULT_TRANSITION_MS,
    address: text(flags['address']) ?? text(file['address']) ?? '0.0.0.0',
    port: count('--port', flags['port'] ?? file['port'] ?? 10_250, 1, 65_535),
    tlsCertFile,
    tlsKeyFile,
    clientCa: clientCaFile === undefined ? undefined : await contentOf('--client-ca-file', clientCaFile),
    webhookTokens: webhookOf(flags, file),
    authorization: authorizationOf(text(flags['authorizationMode']) ?? text(within(file, 'authorization')['mode'])),
    labels: labelsOf(list(flags['nodeLabels'])),
    taints:
      flags['registerWithTaints'] === undefined
        ? taintsOfFile(file['registerWithTaints'])
        : list(flags['registerWithTaints']).map(taintOf),
    runtimeEndpoint:
      text(flags['containerRuntimeEndpoint']) ??
      text(file['containerRuntimeEndpoint']) ??
      'unix:///var/run/docker.sock',
    network: text(flags['podNetwork']) ?? 'typekube',
    bridge: text(flags['podBridge']) ?? 'tk0',
  };
}

type Values = Readonly<Record<string, unknown>>;

/** A look at the machine costs a call to the engine, so that it is not taken more often than ten times a second. */
const SHORTEST_MS = 100;

const DEFAULT_TRANSITION_MS = 300_000;

function durationIn(values: Values, field: string, name: string): number | undefined {
  return text(values[field]) === undefined ? undefined : durationFlag(values, field, name);
}

/** What is said replaces all of the defaults, as in Kubernetes. */
function thresholdsOf(flags: Values, file: Values): Readonly<Record<string, string>> {
  const inFile = file['evictionHard'];
  const said =
    flags['evictionHard'] !== undefined
      ? Object.fromEntries(list(flags['evictionHard']).map(pairOf))
      : typeof inFile === 'object' && inFile !== null
        ? Object.fromEntries(Object.entries(inFile).map(([signal, value]) => [signal, String(value)]))
        : DEFAULT_THRESHOLDS;
  try {
    parseThresholds(said);
  } catch (cause) {
    throw new UsageError(messageWithCauses(cause), { cause });
  }
  return said;
}

function pairOf(threshold: string): [string, string] {
  const [signal = '', value, ...more] = threshold.split('<');
  if (value === undefined || more.length > 0) {
    throw new UsageError(`--eviction-hard: "${threshold}" is not <signal><<quantity or percentage>`);
  }
  return [signal, value];
}

function heartbeatOf(flags: Values, file: Values): Heartbeat {
  const duration = (values: Values, field: string, name: string): number | undefined => {
    if (text(values[field]) === undefined) return undefined;
    const ms = durationFlag(values, field, name);
    if (ms < SHORTEST_MS) throw new UsageError(`${name} must be at least ${SHORTEST_MS}ms`);
    return ms;
  };
  const updateMs =
    duration(flags, 'nodeStatusUpdateFrequency', '--node-status-update-frequency') ??
    duration(file, 'nodeStatusUpdateFrequency', '--config: nodeStatusUpdateFrequency') ??
    DEFAULT_HEARTBEAT.statusUpdateMs;
  return {
    statusUpdateMs: updateMs,
    statusReportMs:
      duration(file, 'nodeStatusReportFrequency', '--config: nodeStatusReportFrequency') ??
      DEFAULT_HEARTBEAT.statusReportMs,
    leaseSeconds: count(
      '--node-lease-duration-seconds',
      flags['nodeLeaseDurationSeconds'] ?? file['nodeLeaseDurationSeconds'] ?? DEFAULT_HEARTBEAT.leaseSeconds,
      1,
      3600,
    ),
  };
}

async function readConfiguration(path: string): Promise<Readonly<Record<string, unknown>>> {
  const content = await contentOf('--config', path);
  let value: unknown;
  try {
    value = parse(content);
  } catch (cause) {
    throw new UsageError(`--config: ${path} is not YAML: ${messageWithCauses(cause)}`, { cause });
  }
  if (typeof value !== 'object' || value === null) throw new UsageError(`--config: ${path} holds no object`);
  const fields: Record<string, unknown> = { ...value };
  if (fields['kind'] !== 'KubeletConfiguration' || fields['apiVersion'] !== 'kubelet.config.k8s.io/v1beta1') {
    throw new UsageError(`--config: ${path} is not a KubeletConfiguration of kubelet.config.k8s.io/v1beta1`);
  }
  for (const [name, field] of Object.entries(fields)) {
    const kind = FIELDS[name];
    if (kind === undefined) throw new UsageError(`--config: unknown field "${name}"`);
    if (!isOf(kind, field)) throw new UsageError(`--config: field "${name}" must be of the type ${kind}`);
  }
  return fields;
}

function isOf(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === kind;
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'objects':
      return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}

function clientCaOf(file: Readonly<Record<string, unknown>>): string | undefined {
  return text(within(file, 'authentication', 'x509')['clientCAFile']);
}

function webhookOf(flags: Values, file: Values): boolean {
  const given = flags['authenticationTokenWebhook'] ?? within(file, 'authentication', 'webhook')['enabled'] ?? true;
  return flag('--authentication-token-webhook', given);
}

function authorizationOf(mode: string | undefined): AuthorizationMode {
  if (mode === undefined || mode === 'Webhook') return 'Webhook';
  if (mode === 'AlwaysAllow') return mode;
  throw new UsageError(`--authorization-mode is Webhook or AlwaysAllow, not "${mode}"`);
}

/** The object at these fields; empty where there is none. */
function within(file: Values, ...path: readonly string[]): Values {
  let at: Values = file;
  for (const name of path) {
    const next = at[name];
    at = typeof next === 'object' && next !== null ? { ...next } : {};
  }
  return at;
}

async function contentOf(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${flag}: cannot read ${path}`, { cause });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function list(value: unknown): string[] {
  return (text(value) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Go's flags take a bare flag for true; files have real booleans. */
function flag(name: string, value: unknown): boolean {
  if (value === undefined || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  throw new UsageError(`${name} is true or false, not ${JSON.stringify(value)}`);
}

function count(flag: string, value: unknown, least: number, most: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new UsageError(`${flag} must be a whole number from ${least} to ${most}, not "${String(value)}"`);
  }
  return number;
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new UsageError(`--node-labels: "${pair}" is not key=value`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function taintOf(pair: string): Taint {
  const match = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(pair);
  const [, key, value, effect = ''] = match ?? [];
  if (key === undefined || !EFFECTS.includes(effect)) {
    throw new UsageError(`--register-with-taints: "${pair}" is not <key>=<value>:<effect>`);
  }
  return { key, ...(value !== undefined && value !== '' && { value }), effect };
}

function taintsOfFile(value: unknown): Taint[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => {
    const { key, value: own, effect } = item as { key?: unknown; value?: unknown; effect?: unknown }; // checked next
    if (typeof key !== 'string' || typeof effect !== 'string' || !EFFECTS.includes(effect)) {
      throw new UsageError('--config: registerWithTaints needs key and effect');
    }
    return { key, ...(typeof own === 'string' && { value: own }), effect };
  });
}
