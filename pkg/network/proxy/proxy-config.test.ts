import { expect, test } from 'vitest';
import { parseProxyConfig } from './proxy-config.ts';

const HEAD = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

test("has Kubernetes' defaults without a file", () => {
  expect(parseProxyConfig('')).toEqual({
    ok: true,
    config: {
      kubeconfig: '',
      hostnameOverride: '',
      clusterCidr: '',
      masqueradeAll: false,
      nodePortAddresses: [],
      healthzBindAddress: '0.0.0.0:10256',
      metricsBindAddress: '127.0.0.1:10249',
    },
  });
});

test('reads what kubeadm writes, and passes over what is about other ways to proxy', () => {
  const text = `${HEAD}clientConnection:\n  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf\n  qps: 0\nclusterCIDR: 10.244.0.0/16\nconntrack:\n  maxPerCore: null\nhostnameOverride: ""\niptables:\n  masqueradeAll: true\nipvs:\n  strictARP: false\nmode: ""\nnodePortAddresses: null\nhealthzBindAddress: ""\n`;
  expect(parseProxyConfig(text)).toMatchObject({
    ok: true,
    config: {
      kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf',
      clusterCidr: '10.244.0.0/16',
      masqueradeAll: true,
      nodePortAddresses: [],
      healthzBindAddress: '',
    },
  });
});

test.each([
  { name: 'text that is no YAML', text: 'a: [', message: /./ },
  { name: 'another kind', text: 'apiVersion: v1\nkind: Pod', message: /must be a KubeProxyConfiguration/ },
  { name: 'a list', text: '- a', message: /not an object/ },
  { name: 'another mode', text: `${HEAD}mode: ipvs`, message: /"ipvs" is not known/ },
  { name: 'a number for a CIDR', text: `${HEAD}clusterCIDR: 7`, message: /clusterCIDR must be a string/ },
  {
    name: 'addresses that are no list',
    text: `${HEAD}nodePortAddresses: 10.0.0.0/8`,
    message: /nodePortAddresses must be a list/,
  },
])('refuses $name in one sentence', ({ text, message }) => {
  const parsed = parseProxyConfig(text);
  expect(parsed.ok ? '' : parsed.message).toMatch(message);
});
