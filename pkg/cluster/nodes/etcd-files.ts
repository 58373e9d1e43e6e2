// The etcd members of a cluster, one beside each API server: their flags, and certificates by an authority of their own, so that
// nobody else of the cluster may talk to them.
import { join } from 'node:path';
import type { Clock, Instant } from '../../clock/clock.ts';
import { ensureAuthority, ensureCertificate } from '../../pki/certificate-files.ts';
import type { KeyPair } from '../../pki/certificates.ts';
import type { ContainerFile } from '../engine.ts';
import { makePlace, type InitialState } from './etcd-members.ts';
import { planOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

const DIRECTORY = '/var/lib/typekube/etcd';
const CLIENT_PORT = 2379;
const PEER_PORT = 2380;
const QUOTA_BYTES = 2 * 1024 ** 3;

export async function etcdFiles(
  pki: string,
  record: NodesRecord,
  plan: ContainerPlan,
  { now, initialState }: { readonly now: Instant; readonly initialState: InitialState },
): Promise<ContainerFile[]> {
  const shared = etcdPki(pki);
  const authority = await ensureAuthority(shared, now);
  const hosts = ['localhost', '127.0.0.1', plan.name, plan.address];
  const [server, client] = await Promise.all([
    ensureCertificate(
      join(shared, plan.name),
      'server',
      authority,
      { commonName: plan.name, hosts, usages: ['server', 'client'] },
      now,
    ),
    clientCertificate(shared, authority, now),
  ]);
  return [
    { path: `${DIRECTORY}/ca.crt`, content: authority.certificate },
    { path: `${DIRECTORY}/server.crt`, content: server.certificate },
    { path: `${DIRECTORY}/server.key`, content: server.key, mode: 0o600 },
    { path: `${DIRECTORY}/client.crt`, content: client.certificate },
    { path: `${DIRECTORY}/client.key`, content: client.key, mode: 0o600 },
    { path: `${DIRECTORY}/flags`, content: `${memberFlags(record, plan, initialState).join('\n')}\n` },
  ];
}

/** The member of `plan` has lost its data; those of `members` are to take it back. Answers how it then begins. */
export async function etcdMakesPlace(
  {
    pki,
    plan,
    members,
    clock,
  }: {
    readonly pki: string;
    readonly plan: ContainerPlan;
    readonly members: readonly ContainerPlan[];
    readonly clock: Clock;
  },
  signal: AbortSignal,
): Promise<InitialState> {
  const shared = etcdPki(pki);
  const authority = await ensureAuthority(shared, clock.now());
  return makePlace(
    {
      peerUrl: peerUrl(plan),
      others: members.map(({ address }) => `https://${address}:${CLIENT_PORT}`),
      authority: authority.certificate,
      client: await clientCertificate(shared, authority, clock.now()),
      clock,
    },
    signal,
  );
}

function clientCertificate(shared: string, authority: KeyPair, now: Instant): Promise<KeyPair> {
  const request = { commonName: 'kube-apiserver-etcd-client', usages: ['client'] } as const;
  return ensureCertificate(shared, 'client', authority, request, now);
}

/** The authority of etcd is not the cluster's. */
function etcdPki(pki: string): string {
  return join(pki, 'etcd');
}

function peerUrl({ address }: ContainerPlan): string {
  return `https://${address}:${PEER_PORT}`;
}

/** The member of the same node first: the others are for when it is away. */
export function etcdFlagsOfApiServer(record: NodesRecord, plan: ContainerPlan): string[] {
  const others = planOf(record, 'control-plane').filter(({ name }) => name !== plan.name);
  const addresses = ['127.0.0.1', ...others.map(({ address }) => address)];
  return [
    `--etcd-servers=${addresses.map((address) => `https://${address}:${CLIENT_PORT}`).join(',')}`,
    `--etcd-cafile=${DIRECTORY}/ca.crt`,
    `--etcd-certfile=${DIRECTORY}/client.crt`,
    `--etcd-keyfile=${DIRECTORY}/client.key`,
  ];
}

function memberFlags(record: NodesRecord, plan: ContainerPlan, initialState: InitialState): string[] {
  const members = planOf(record, 'control-plane').map((member) => `${member.name}=${peerUrl(member)}`);
  return [
    `--name=${plan.name}`,
    `--data-dir=${DIRECTORY}/data`,
    `--listen-client-urls=https://127.0.0.1:${CLIENT_PORT},https://${plan.address}:${CLIENT_PORT}`,
    `--advertise-client-urls=https://${plan.address}:${CLIENT_PORT}`,
    `--listen-peer-urls=${peerUrl(plan)}`,
    `--initial-advertise-peer-urls=${peerUrl(plan)}`,
    `--initial-cluster=${members.join(',')}`,
    `--initial-cluster-token=${record.network}`,
    `--initial-cluster-state=${initialState}`,
    `--cert-file=${DIRECTORY}/server.crt`,
    `--key-file=${DIRECTORY}/server.key`,
    '--client-cert-auth',
    `--trusted-ca-file=${DIRECTORY}/ca.crt`,
    `--peer-cert-file=${DIRECTORY}/server.crt`,
    `--peer-key-file=${DIRECTORY}/server.key`,
    '--peer-client-cert-auth',
    `--peer-trusted-ca-file=${DIRECTORY}/ca.crt`,
    // Longer than etcd's own: nodes in containers share the processors of one machine.
    '--heartbeat-interval=200',
    '--election-timeout=2000',
    `--quota-backend-bytes=${QUOTA_BYTES}`,
    '--log-level=warn',
  ];
}
