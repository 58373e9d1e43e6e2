// What a control plane's container must find: certificates, keys, and the flags of its programs. The authority and the keys that
// all control planes share lie in the cluster's directory on the host.
import { join } from 'node:path';
import type { Instant } from '../../clock/clock.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../../pki/certificate-files.ts';
import type { KeyPair } from '../../pki/certificates.ts';
import { firstAddress, pkiDirectory } from '../access.ts';
import type { ControlPlaneRecord } from '../control-plane-record.ts';
import type { ContainerFile } from '../engine.ts';
import type { ExtraArgs } from './cluster-config.ts';
import { etcdFiles, etcdFlagsOfApiServer } from './etcd-files.ts';
import type { InitialState } from './etcd-members.ts';
import { API_PORT } from './nodes-plan.ts';
import { planOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

const DIRECTORY = '/var/lib/typekube/control-plane';
const PKI = `${DIRECTORY}/pki`;
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export async function controlPlaneFiles(
  directory: string,
  record: NodesRecord,
  plan: ContainerPlan,
  { now, initialState }: { readonly now: Instant; readonly initialState: InitialState },
): Promise<ContainerFile[]> {
  const pki = pkiDirectory(directory);
  const authority = await ensureAuthority(pki, now);
  const [serving, kubeletClient, tokenKey] = await Promise.all([
    ensureCertificate(
      join(pki, plan.name),
      'apiserver',
      authority,
      { commonName: 'kube-apiserver', hosts: servingNames(record, plan), usages: ['server'] },
      now,
    ),
    ensureCertificate(
      pki,
      'apiserver-kubelet-client',
      authority,
      { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'], usages: ['client'] },
      now,
    ),
    ensureTokenSigningKey(pki),
  ]);
  return [
    ...keyPair('ca', authority),
    ...keyPair('apiserver', serving),
    ...keyPair('apiserver-kubelet-client', kubeletClient),
    secret(`${PKI}/sa.key`, tokenKey.privateKey),
    { path: `${PKI}/sa.pub`, content: tokenKey.publicKey },
    ...(record.store === 'etcd' ? await etcdFiles(pki, record, plan, { now, initialState }) : []),
    {
      path: `${DIRECTORY}/control-plane.json`,
      content: `${JSON.stringify(controlPlaneRecord(record, plan), undefined, 2)}\n`,
    },
  ];
}

/** Flags of the file of --config come last, so that they count. */
export function controlPlaneRecord(record: NodesRecord, plan: ContainerPlan): ControlPlaneRecord {
  const elect = planOf(record, 'control-plane').length > 1;
  return {
    apiServer: [
      `--secure-port=${API_PORT}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${plan.address}`,
      ...(record.store === 'etcd' ? etcdFlagsOfApiServer(record, plan) : [`--data-dir=${DIRECTORY}/store`]),
      `--tls-cert-file=${PKI}/apiserver.crt`,
      `--tls-private-key-file=${PKI}/apiserver.key`,
      `--client-ca-file=${PKI}/ca.crt`,
      `--service-cluster-ip-range=${record.serviceSubnet}`,
      `--service-account-key-file=${PKI}/sa.pub`,
      `--service-account-signing-key-file=${PKI}/sa.key`,
      `--service-account-issuer=${ISSUER}`,
      `--kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
      `--kubelet-certificate-authority=${PKI}/ca.crt`,
      '--enable-metrics-api=true',
      '--enable-bootstrap-token-auth=true',
      ...flagsOf(record.apiServer),
    ],
    scheduler: [`--leader-elect=${elect}`, ...flagsOf(record.scheduler)],
    controllerManager: [
      `--leader-elect=${elect}`,
      `--root-ca-file=${PKI}/ca.crt`,
      '--controllers=*,bootstrapsigner,tokencleaner',
      '--allocate-node-cidrs=true',
      `--cluster-cidr=${record.podSubnet}`,
      `--load-balancer-pool=${record.loadBalancerPool}`,
      `--service-cluster-ip-range=${record.serviceSubnet}`,
      `--cluster-signing-cert-file=${PKI}/ca.crt`,
      `--cluster-signing-key-file=${PKI}/ca.key`,
      ...flagsOf(record.controllerManager),
    ],
  };
}

function servingNames(record: NodesRecord, plan: ContainerPlan): string[] {
  const [host = ''] = record.endpoint.split(':');
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  const addresses = ['127.0.0.1', plan.address, host, record.apiServerAddress, firstAddress(record.serviceSubnet)];
  return [...new Set(['localhost', ...names, plan.name, ...addresses])];
}

function flagsOf(args: ExtraArgs): string[] {
  return Object.entries(args).map(([name, value]) => `--${name}=${value}`);
}

function keyPair(name: string, pair: KeyPair): ContainerFile[] {
  return [{ path: `${PKI}/${name}.crt`, content: pair.certificate }, secret(`${PKI}/${name}.key`, pair.key)];
}

function secret(path: string, content: string): ContainerFile {
  return { path, content, mode: 0o600 };
}
