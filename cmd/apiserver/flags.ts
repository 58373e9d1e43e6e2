// kube-apiserver's flags, as far as they mean something here, and what follows from them.
import { isIP } from 'node:net';
import { Option } from 'commander';
import { UsageError } from '../program.ts';

export interface ApiServerFlags {
  readonly securePort: number;
  readonly bindAddress: string;
  readonly advertiseAddress: string | undefined;
  readonly dataDir: string;
  readonly etcdServers: readonly string[];
  readonly etcdCaFile: string | undefined;
  readonly etcdCertFile: string | undefined;
  readonly etcdKeyFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly certDir: string | undefined;
  readonly clientCaFile: string | undefined;
  readonly tokenAuthFile: string | undefined;
  readonly serviceCidr: string;
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly tokenKeyFiles: readonly string[];
  readonly tokenSigningKeyFile: string | undefined;
  readonly tokenIssuers: readonly string[];
  readonly tokenAudiences: readonly string[];
  readonly kubeletCertificate: string | undefined;
  readonly kubeletKey: string | undefined;
  readonly kubeletAuthority: string | undefined;
  readonly anonymous: boolean;
  readonly bootstrapTokens: boolean;
  readonly enableAdmission: readonly string[];
  readonly disableAdmission: readonly string[];
  readonly metricsApi: boolean;
  /** 0: no limit. */
  readonly inFlightLimits: { readonly readOnly: number; readonly mutating: number };
}

export const DEFAULT_DATA_DIR = '/var/lib/typekube/store';

export const flags: readonly Option[] = [
  new Option('--secure-port <port>', 'port for HTTPS').default('6443'),
  new Option('--bind-address <ip>', 'address to listen on').default('0.0.0.0'),
  new Option('--advertise-address <ip>', 'address under which pods reach this server'),
  new Option('--data-dir <directory>', `where the embedded store keeps its files (default: ${DEFAULT_DATA_DIR})`),
  new Option('--etcd-servers <urls>', 'use etcd instead of the embedded store; comma-separated'),
  new Option('--etcd-cafile <file>', 'certificate authority of etcd'),
  new Option('--etcd-certfile <file>', 'client certificate for etcd'),
  new Option('--etcd-keyfile <file>', 'key of the client certificate for etcd'),
  new Option('--tls-cert-file <file>', 'serving certificate; made in --cert-dir when not given'),
  new Option('--tls-private-key-file <file>', 'key of the serving certificate'),
  new Option('--cert-dir <directory>', 'where certificates that are made are kept (default: pki beside --data-dir)'),
  new Option('--client-ca-file <file>', 'who signs client certificates'),
  new Option('--token-auth-file <file>', 'static tokens: token,user,uid,"group1,group2"'),
  new Option('--service-cluster-ip-range <cidr>', 'addresses of Services').default('10.96.0.0/12'),
  new Option('--service-node-port-range <range>', 'node ports of Services').default('30000-32767'),
  new Option('--service-account-key-file <file...>', 'keys that service-account tokens may be signed with'),
  new Option('--service-account-signing-key-file <file>', 'key to sign service-account tokens with'),
  new Option('--service-account-issuer <url...>', 'issuer of service-account tokens').default([
    'https://kubernetes.default.svc.cluster.local',
  ]),
  new Option('--api-audiences <names>', 'audiences of tokens for this server (default: the issuers)'),
  new Option('--kubelet-client-certificate <file>', 'certificate shown to kubelets'),
  new Option('--kubelet-client-key <file>', 'key of the certificate shown to kubelets'),
  new Option('--kubelet-certificate-authority <file>', "who signs kubelets' certificates"),
  new Option('--anonymous-auth [boolean]', 'answer health, version and discovery roots to anybody').default('true'),
  new Option(
    '--enable-bootstrap-token-auth [boolean]',
    'take secrets of type bootstrap.kubernetes.io/token in the namespace kube-system for bearer tokens',
  )
    .default('false')
    .preset('true'),
  new Option('--enable-admission-plugins <names>', 'admission plugins besides the default ones'),
  new Option('--disable-admission-plugins <names>', 'admission plugins to leave out'),
  new Option('--enable-metrics-api [boolean]', 'serve metrics.k8s.io from the kubelets, for kubectl top').default(
    'false',
  ),
  new Option(
    '--max-requests-inflight <n>',
    'reads worked on at once; more are told to come back; 0 for no limit',
  ).default('400'),
  new Option(
    '--max-mutating-requests-inflight <n>',
    'writes worked on at once; more are told to come back; 0 for no limit',
  ).default('200'),
  new Option('--authorization-mode <modes>', 'accepted; whoever is known may do everything').default('AlwaysAllow'),
  new Option('--allow-privileged [boolean]', 'accepted; privileged containers are a matter of the node').default(
    'true',
  ),
];

type Values = Readonly<Record<string, unknown>>;

/** Throws UsageError with one sentence. */
export function parseFlags(values: Values): ApiServerFlags {
  const dataDir = text(values, 'dataDir');
  const etcdServers = list(values, 'etcdServers');
  if (dataDir !== undefined && etcdServers.length > 0) {
    throw new UsageError('--data-dir and --etcd-servers exclude each other: choose one store');
  }
  const flagsOfTls = [text(values, 'tlsCertFile'), text(values, 'tlsPrivateKeyFile')];
  if ((flagsOfTls[0] === undefined) !== (flagsOfTls[1] === undefined)) {
    throw new UsageError('--tls-cert-file and --tls-private-key-file must be given together');
  }
  const [kubeletCertificate, kubeletKey] = [text(values, 'kubeletClientCertificate'), text(values, 'kubeletClientKey')];
  if ((kubeletCertificate === undefined) !== (kubeletKey === undefined)) {
    throw new UsageError('--kubelet-client-certificate and --kubelet-client-key must be given together');
  }
  const issuers = many(values, 'serviceAccountIssuer');
  const audiences = list(values, 'apiAudiences');
  return {
    securePort: port(text(values, 'securePort') ?? '', '--secure-port'),
    bindAddress: address(text(values, 'bindAddress') ?? '', '--bind-address'),
    advertiseAddress: optionalAddress(text(values, 'advertiseAddress'), '--advertise-address'),
    dataDir: dataDir ?? DEFAULT_DATA_DIR,
    etcdServers,
    etcdCaFile: text(values, 'etcdCafile'),
    etcdCertFile: text(values, 'etcdCertfile'),
    etcdKeyFile: text(values, 'etcdKeyfile'),
    tlsCertFile: flagsOfTls[0],
    tlsKeyFile: flagsOfTls[1],
    certDir: text(values, 'certDir'),
    clientCaFile: text(values, 'clientCaFile'),
    tokenAuthFile: text(values, 'tokenAuthFile'),
    serviceCidr: text(values, 'serviceClusterIpRange') ?? '',
    nodePorts: portRange(text(values, 'serviceNodePortRange') ?? ''),
    tokenKeyFiles: many(values, 'serviceAccountKeyFile'),
    tokenSigningKeyFile: text(values, 'serviceAccountSigningKeyFile'),
    tokenIssuers: issuers,
    tokenAudiences: audiences.length > 0 ? audiences : issuers,
    kubeletCertificate,
    kubeletKey,
    kubeletAuthority: text(values, 'kubeletCertificateAuthority'),
    anonymous: boolean(values, 'anonymousAuth', '--anonymous-auth'),
    bootstrapTokens: boolean(values, 'enableBootstrapTokenAuth', '--enable-bootstrap-token-auth'),
    enableAdmission: list(values, 'enableAdmissionPlugins'),
    disableAdmission: list(values, 'disableAdmissionPlugins'),
    metricsApi: boolean(values, 'enableMetricsApi', '--enable-metrics-api'),
    inFlightLimits: {
      readOnly: count(text(values, 'maxRequestsInflight') ?? '', '--max-requests-inflight'),
      mutating: count(text(values, 'maxMutatingRequestsInflight') ?? '', '--max-mutating-requests-inflight'),
    },
  };
}

function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(values: Values, name: string): string[] {
  return (text(values, name) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function many(values: Values, name: string): string[] {
  const value = values[name];
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

function boolean(values: Values, name: string, flag: string): boolean {
  const value = values[name];
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new UsageError(`${flag} must be true or false, not ${JSON.stringify(value)}`);
}

function port(value: string, flag: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65535)
    throw new UsageError(`${flag} must be a port, not ${JSON.stringify(value)}`);
  return number;
}

function count(value: string, flag: string): number {
  if (!/^\d+$/.test(value)) throw new UsageError(`${flag} must be a number of requests, not ${JSON.stringify(value)}`);
  return Number(value);
}

function portRange(value: string): { first: number; last: number } {
  const match = /^(\d+)-(\d+)$/.exec(value) ?? /^(\d+)\+(\d+)$/.exec(value);
  const first = Number(match?.[1]);
  const second = Number(match?.[2]);
  const last = value.includes('+') ? first + second : second;
  if (match === null || first < 1 || last < first || last > 65535) {
    throw new UsageError(`--service-node-port-range must look like 30000-32767, not ${JSON.stringify(value)}`);
  }
  return { first, last };
}

function address(value: string, flag: string): string {
  if (isIP(value) === 0) throw new UsageError(`${flag} must be an IP address, not ${JSON.stringify(value)}`);
  return value;
}

function optionalAddress(value: string | undefined, flag: string): string | undefined {
  return value === undefined ? undefined : address(value, flag);
}
