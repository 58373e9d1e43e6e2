// The command lines of a cluster whose components are processes of their own: what an operator would write by hand.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDENTITY_VARIABLE } from '../client/leader-election.ts';
import type { Instant } from '../clock/clock.ts';
import { firstAddress } from './access.ts';
import { ensureComponentCertificate, type ClusterCertificates, type Component } from './cluster-certificates.ts';
import type { ClusterRecord } from './cluster-record.ts';
import { renderKubeconfig } from './kubeconfig-entry.ts';
import type { ChildProgram } from './supervisor.ts';

export interface ProgramOptions {
  readonly record: ClusterRecord;
  readonly clusterDirectory: string;
  readonly certificates: ClusterCertificates;
  /** The bundles: apiserver.js, scheduler.js, ... */
  readonly programs: string;
  /** Node's own path. */
  readonly node: string;
  /** Comma-separated; '' for the embedded store. */
  readonly etcdServers: string;
  readonly now: Instant;
}

export async function componentPrograms(options: ProgramOptions): Promise<ChildProgram[]> {
  const { record, clusterDirectory, certificates } = options;
  const pki = certificates.directory;
  const program = (name: string, args: string[]): ChildProgram => ({
    name,
    command: options.node,
    args: [join(options.programs, `${name}.js`), ...args],
  });
  // The supervisor runs one of each at a time: started again, it goes on as the leader that it was.
  const candidate = (name: string, args: string[]): ChildProgram => ({
    ...program(name, args),
    env: { [IDENTITY_VARIABLE]: `${record.nodeName}_${name}` },
  });
  const kubeconfig = async (component: Component) => {
    const { certFile, keyFile } = await ensureComponentCertificate(pki, certificates.authority, component, options.now);
    return writeKubeconfig(options, component, certFile, keyFile);
  };
  const kubeletKubeconfig = writeKubeconfig(options, 'kubelet', join(pki, 'kubelet.crt'), join(pki, 'kubelet.key'));
  return [
    program('apiserver', [
      `--secure-port=${record.apiPort}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${record.nodeIp}`,
      options.etcdServers === ''
        ? `--data-dir=${join(clusterDirectory, 'store')}`
        : `--etcd-servers=${options.etcdServers}`,
      `--tls-cert-file=${join(pki, 'apiserver.crt')}`,
      `--tls-private-key-file=${join(pki, 'apiserver.key')}`,
      `--client-ca-file=${join(pki, 'ca.crt')}`,
      `--service-cluster-ip-range=${record.serviceCidr}`,
      `--service-account-key-file=${join(pki, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(pki, 'sa.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--kubelet-client-certificate=${join(pki, 'apiserver-kubelet-client.crt')}`,
      `--kubelet-client-key=${join(pki, 'apiserver-kubelet-client.key')}`,
      `--kubelet-certificate-authority=${join(pki, 'ca.crt')}`,
      '--enable-metrics-api=true',
      '--enable-bootstrap-token-auth=true',
    ]),
    candidate('scheduler', [`--kubeconfig=${await kubeconfig('scheduler')}`]),
    candidate('controller-manager', [
      `--kubeconfig=${await kubeconfig('controller-manager')}`,
      `--root-ca-file=${join(pki, 'ca.crt')}`,
      '--controllers=*,bootstrapsigner,tokencleaner',
      '--allocate-node-cidrs=true',
      `--cluster-cidr=${record.clusterCidr}`,
      `--service-cluster-ip-range=${record.serviceCidr}`,
      `--cluster-signing-cert-file=${join(pki, 'ca.crt')}`,
      `--cluster-signing-key-file=${join(pki, 'ca.key')}`,
    ]),
    program('kubelet', [
      `--kubeconfig=${kubeletKubeconfig}`,
      `--hostname-override=${record.nodeName}`,
      `--node-ip=${record.nodeIp}`,
      `--root-dir=${join(clusterDirectory, 'kubelet')}`,
      `--cluster-dns=${record.clusterDns}`,
      '--cluster-domain=cluster.local',
      `--pod-cidr=${record.podCidr}`,
      `--container-runtime-endpoint=${record.engine}`,
      `--port=${record.kubeletPort}`,
      `--tls-cert-file=${join(pki, 'kubelet.crt')}`,
      `--tls-private-key-file=${join(pki, 'kubelet.key')}`,
      `--client-ca-file=${join(pki, 'ca.crt')}`,
    ]),
    program('proxy', [
      `--kubeconfig=${await kubeconfig('proxy')}`,
      `--hostname-override=${record.nodeName}`,
      `--cluster-cidr=${record.clusterCidr}`,
      '--metrics-bind-address=127.0.0.1:10249',
    ]),
    program('dns', [
      `--kubeconfig=${await kubeconfig('dns')}`,
      `--hostname-override=${record.nodeName}`,
      `--bind-address=${firstAddress(record.podCidr)}`,
      '--cluster-domain=cluster.local',
      `--cluster-dns=${record.clusterDns}`,
    ]),
  ];
}

function writeKubeconfig(options: ProgramOptions, component: string, certFile: string, keyFile: string): string {
  const path = join(options.clusterDirectory, `${component}.kubeconfig`);
  const server = `https://127.0.0.1:${options.record.apiPort}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'cluster', cluster: { server, 'certificate-authority': join(options.certificates.directory, 'ca.crt') } },
    ],
    users: [{ name: component, user: { 'client-certificate': certFile, 'client-key': keyFile } }],
    contexts: [{ name: component, context: { cluster: 'cluster', user: component } }],
    'current-context': component,
  };
  writeFileSync(path, renderKubeconfig(config), { mode: 0o600 });
  return path;
}
