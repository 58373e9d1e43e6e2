import { expect, test } from 'vitest';
import { bootstrapMaps, parseClusterInfo } from './bootstrap-objects.ts';

const SETTINGS = {
  server: 'https://192.0.2.1:6443',
  authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDns: '10.96.0.10',
  clusterDomain: 'cluster.local',
};

test('a cluster says about itself what kubeadm would', () => {
  const maps = new Map(bootstrapMaps(SETTINGS).map(({ namespace, name, data }) => [`${namespace}/${name}`, data]));
  expect([...maps.keys()]).toEqual([
    'kube-public/cluster-info',
    'kube-system/kubeadm-config',
    'kube-system/kubelet-config',
    'kube-system/kube-proxy',
  ]);
  const info = maps.get('kube-public/cluster-info')?.['kubeconfig'] ?? '';
  expect(parseClusterInfo(info)).toEqual({ server: SETTINGS.server, authority: SETTINGS.authority });
  expect(maps.get('kube-system/kube-proxy')?.['config.conf']).toContain('clusterCIDR: 10.244.0.0/16');
});

test.each(['', 'clusters: []', 'clusters: [{ name: "", cluster: { server: "https://x" } }]', '[]'])(
  'what does not say where the cluster is, is refused: %j',
  (text) => {
    expect(() => parseClusterInfo(text)).toThrow('does not say where it is');
  },
);
