import { Command } from 'commander';
import { expect, test } from 'vitest';
import { flags, parseFlags } from './flags.ts';

function parse(...args: string[]) {
  const command = new Command().exitOverride();
  for (const flag of flags) command.addOption(flag);
  return parseFlags(command.parse(args, { from: 'user' }).opts());
}

test('flags of Kubernetes are taken as they are', () => {
  expect(
    parse(
      '--secure-port=7443',
      '--etcd-servers=http://a:2379,http://b:2379',
      '--service-node-port-range=30000-30100',
      '--anonymous-auth=false',
      '--disable-admission-plugins=Priority,ServiceAccount',
      '--service-account-key-file=a.pub',
      '--service-account-key-file=b.pub',
    ),
  ).toMatchObject({
    securePort: 7443,
    etcdServers: ['http://a:2379', 'http://b:2379'],
    nodePorts: { first: 30_000, last: 30_100 },
    anonymous: false,
    disableAdmission: ['Priority', 'ServiceAccount'],
    tokenKeyFiles: ['a.pub', 'b.pub'],
    tokenAudiences: ['https://kubernetes.default.svc.cluster.local'],
  });
});

test.each([
  [['--secure-port=x'], '--secure-port must be a port, not "x"'],
  [['--secure-port=70000'], '--secure-port must be a port, not "70000"'],
  [['--bind-address=here'], '--bind-address must be an IP address, not "here"'],
  [['--data-dir=a', '--etcd-servers=b'], '--data-dir and --etcd-servers exclude each other: choose one store'],
  [['--tls-cert-file=a'], '--tls-cert-file and --tls-private-key-file must be given together'],
  [['--service-node-port-range=5'], '--service-node-port-range must look like 30000-32767, not "5"'],
  [['--service-node-port-range=9-5'], '--service-node-port-range must look like 30000-32767, not "9-5"'],
  [['--anonymous-auth=maybe'], '--anonymous-auth must be true or false, not "maybe"'],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => parse(...args)).toThrow(sentence);
});
