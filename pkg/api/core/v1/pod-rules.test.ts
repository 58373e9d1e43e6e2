// What Kubernetes refuses in a pod, rule by rule: the field it names and the beginning of what it says.
import { expect, test } from 'vitest';
import type { Container, Pod, PodSpec, PodTemplateSpec, Volume } from '../../schema/generated/core.v1.gen.ts';
import { deploymentKind } from '../../apps/v1/deployment.ts';
import { podKind } from './pod.ts';

const CONTEXT = { now: Date.parse('2024-01-02T03:04:05Z'), user: { name: 'someone', groups: [] } };

function pod(
  spec: Partial<PodSpec> = {},
  container: Partial<Container> = {},
  annotations?: Record<string, string>,
): Pod {
  const made: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2024-01-01T00:00:00Z',
      ...(annotations !== undefined && { annotations }),
    },
    spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
    status: {},
  };
  podKind.setDefaults(made);
  podKind.prepareForCreate(made, CONTEXT);
  return made;
}

const faultsOf = (made: Pod) => podKind.validate(made).map(({ field, body }) => `${field}: ${body}`);

/** A volume of the row's source, with a name. */
const inVolume = (volume: Partial<Volume>) => pod({ volumes: [{ name: 'v', ...volume }] });
const V = 'spec.volumes[0]';
const C = 'spec.containers[0]';

test.each<{ rule: string; made: Pod; want: string }>([
  {
    rule: 'a disk has at most 255 partitions',
    made: inVolume({ gcePersistentDisk: { pdName: 'd', partition: 256 } }),
    want: `${V}.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive`,
  },
  {
    rule: 'an iSCSI name has a form',
    made: inVolume({ iscsi: { targetPortal: 'p', iqn: 'foo', lun: 0 } }),
    want: `${V}.iscsi.iqn: Invalid value: "foo": must be valid format starting with iqn, eui, or naa`,
  },
  {
    rule: 'iSCSI authentication needs a secret',
    made: inVolume({ iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:d', lun: 0, chapAuthSession: true } }),
    want: `${V}.iscsi.secretRef: Required value`,
  },
  {
    rule: 'a fibre channel names one kind of target',
    made: inVolume({ fc: { targetWWNs: ['a'], wwids: ['b'], lun: 1 } }),
    want: `${V}.fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously`,
  },
  {
    rule: 'an nfs path that is missing is not absolute either',
    made: inVolume({ nfs: { server: 's', path: '' } }),
    want: `${V}.nfs.path: Invalid value: "": must be an absolute path`,
  },
  {
    rule: 'a quobyte registry is a list of addresses',
    made: inVolume({ quobyte: { registry: 'a', volume: 'b' } }),
    want: `${V}.quobyte.registry: Invalid value: "a": must be a host:port pair`,
  },
  {
    rule: 'options of a flex volume leave the names of Kubernetes alone',
    made: inVolume({ flexVolume: { driver: 'd', options: { 'kubernetes.io/a': 'b' } } }),
    want: `${V}.flexVolume.options[kubernetes.io/a]: Invalid value: "kubernetes.io/a": kubernetes.io and k8s.io`,
  },
  {
    rule: 'an Azure disk has a known kind',
    made: inVolume({ azureDisk: { diskName: 'd', diskURI: 'u', kind: 'Big' } }),
    want: `${V}.azureDisk.kind: Unsupported value: "Big": supported values: "Dedicated", "Managed", "Shared"`,
  },
  {
    rule: 'a driver has a short name',
    made: inVolume({ csi: { driver: 'd'.repeat(64) } }),
    want: `${V}.csi.driver: Too long: may not be more than 63 bytes`,
  },
  {
    rule: 'one entry of a projected volume is one source',
    made: inVolume({ projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } }),
    want: `${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`,
  },
  {
    rule: 'a projected token needs a path',
    made: pod({
      serviceAccountName: 'a',
      volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: '' } }] } }],
    }),
    want: `${V}.projected.path: Required value`,
  },
  {
    rule: 'a token is that of an account',
    made: inVolume({ projected: { sources: [{ serviceAccountToken: { path: 'a' } }] } }),
    want: `${V}.projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName`,
  },
  {
    rule: 'the claim of an ephemeral volume has labels and annotations only',
    made: inVolume({
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { name: 'x' } as Pod['metadata'], // What a client may send.
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      },
    }),
    want: `${V}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
  },
  {
    rule: 'a volume does not use the claim of another volume',
    made: pod({
      volumes: [
        {
          name: 'v',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
        { name: 'w', persistentVolumeClaim: { claimName: 'p-v' } },
      ],
    }),
    want: 'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-v": must not reference a PVC',
  },
  {
    rule: 'a device and a mount are two volumes',
    made: pod(
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
      { volumeMounts: [{ name: 'v', mountPath: '/a' }], volumeDevices: [{ name: 'v', devicePath: '/b' }] },
    ),
    want: `${C}.volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices`,
  },
  {
    rule: 'a device path does not climb',
    made: pod(
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
      { volumeDevices: [{ name: 'v', devicePath: '/a/../b' }] },
    ),
    want: `${C}.volumeDevices[0].devicePath: Invalid value: "/a/../b": can not contain backsteps ('..')`,
  },
  {
    rule: 'a recursive read-only mount is read-only',
    made: pod(
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumeMounts: [{ name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' }] },
    ),
    want: `${C}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
  },
  {
    rule: 'huge pages are whole pages',
    made: pod({}, { resources: { limits: { cpu: '1', 'hugepages-2Mi': '3Mi' } } }),
    want: `${C}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of`,
  },
  {
    rule: 'huge pages go with processor or memory',
    made: pod({}, { resources: { limits: { 'hugepages-2Mi': '2Mi' } } }),
    want: `${C}.resources: Forbidden: HugePages require cpu or memory`,
  },
  {
    rule: 'a container claims what the pod has',
    made: pod({}, { resources: { claims: [{ name: 'a' }] } }),
    want: `${C}.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty`,
  },
  {
    rule: 'a pod that never restarts is not restarted for its resources',
    made: pod(
      { restartPolicy: 'Never' },
      { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
    ),
    want: `${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`,
  },
  {
    rule: 'a config map in a variable has a name',
    made: pod({}, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'A_b', key: 'k' } } }] }),
    want: `${C}.env[0].valueFrom.configMapKeyRef.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain`,
  },
  {
    rule: 'unmasked /proc needs users of its own',
    made: pod({}, { securityContext: { procMount: 'Unmasked' } }),
    want: `${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
  },
  {
    rule: 'users of its own and the host’s network exclude each other',
    made: pod({ hostUsers: false, hostNetwork: true }),
    want: 'spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false',
  },
  {
    rule: 'kernel settings of the network are the host’s on its network',
    made: pod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }),
    want: 'spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.tcp_syncookies": may not be specified when',
  },
  {
    rule: 'the operating system is a known one',
    made: pod({ os: { name: 'plan9' } }),
    want: 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
  },
  {
    rule: 'Windows options are not for Linux',
    made: pod({ os: { name: 'linux' }, securityContext: { windowsOptions: { runAsUserName: 'a' } } }),
    want: 'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  },
  {
    rule: 'Linux options are not for Windows',
    made: pod({ os: { name: 'windows' } }, { securityContext: { privileged: true } }),
    want: `${C}.securityContext.privileged: Forbidden: cannot be set for a windows pod`,
  },
  {
    rule: 'processes of a Windows host are on its network',
    made: pod({ securityContext: { windowsOptions: { hostProcess: true } } }),
    want: 'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
  },
  {
    rule: 'a spread by own labels needs a selector',
    made: pod({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a'] },
      ],
    }),
    want: 'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not',
  },
  {
    rule: 'overhead is checked as limits are',
    made: pod({ overhead: { foo: '1' } }),
    want: 'spec.overhead.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
  },
  {
    rule: 'the preemption policy is a known one',
    made: pod({ preemptionPolicy: 'Always' }),
    want: 'spec.preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
  },
  {
    rule: 'a pod asks for as much as its containers',
    made: pod({ resources: { requests: { cpu: '1' } } }, { resources: { requests: { cpu: '2' } } }),
    want: 'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container',
  },
  {
    rule: 'the cost of a deletion is a number',
    made: pod({}, {}, { 'controller.kubernetes.io/pod-deletion-cost': '007' }),
    want: 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "007": must be a 32bit integer',
  },
  {
    rule: 'an AppArmor annotation is about a container of the pod',
    made: pod({}, {}, { 'container.apparmor.security.beta.kubernetes.io/x': 'unconfined' }),
    want: 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not',
  },
  {
    rule: 'an exception from restarting has an action',
    made: pod({}, { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Stop' }] }),
    want: `${C}.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart"`,
  },
])('$rule', ({ made, want }) => {
  expect(faultsOf(made)).toContainEqual(expect.stringContaining(want));
});

test.each<{ what: string; made: Pod }>([
  { what: 'a grace of less than nothing, which counts as a second', made: pod({ terminationGracePeriodSeconds: -5 }) },
  {
    what: 'a preference for a label that no node can have',
    made: pod({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] } },
          ],
        },
      },
    }),
  },
  {
    what: 'init containers that use the same port of the host one after another',
    made: pod({
      initContainers: ['a', 'b'].map((name) => ({
        name,
        image: 'i',
        ports: [{ containerPort: 80, hostPort: 80 }],
      })),
    }),
  },
  {
    what: 'a projected volume of several sources',
    made: inVolume({ projected: { sources: [{ secret: { name: 'a' } }, { configMap: { name: 'b' } }] } }),
  },
  {
    what: 'a device of a claim',
    made: pod(
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] },
      { volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] },
    ),
  },
])('takes $what', ({ made }) => {
  expect(faultsOf(made)).toEqual([]);
});

test('a template on the host’s network leaves the host’s ports to its pods', () => {
  const template: PodTemplateSpec = {
    metadata: { ...pod().metadata, labels: { a: 'b' } },
    spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: pod().metadata,
    spec: { selector: { matchLabels: { a: 'b' } }, template },
    status: {},
  };
  deploymentKind.setDefaults(deployment);
  expect(deploymentKind.validate(deployment)).toEqual([]);
});

test('a new pod selects by its own labels under the keys that its constraints name', () => {
  const made = pod();
  made.metadata.labels = { app: 'web', rev: '1' };
  made.spec.affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'h',
          labelSelector: { matchLabels: { app: 'web' } },
          matchLabelKeys: ['rev', 'none'],
          mismatchLabelKeys: ['app'],
        },
      ],
    },
  };
  podKind.prepareForCreate(made, CONTEXT);
  const term = made.spec.affinity.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0];
  expect(term?.labelSelector?.matchExpressions).toEqual([
    { key: 'rev', operator: 'In', values: ['1'] },
    { key: 'app', operator: 'NotIn', values: ['web'] },
  ]);
  expect(faultsOf(made)).toEqual([]);
});

test.each<{ what: string; made: Pod; want: string }>([
  {
    what: 'the old name of a label',
    made: pod({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    want: 'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  },
  {
    what: 'a spread of nothing',
    made: pod({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
    want: 'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
  },
  {
    what: 'a variable that hides another',
    made: pod(
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
    ),
    want: 'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
  },
  {
    what: 'a port given twice by two containers',
    made: pod({
      containers: ['a', 'b'].map((name) => ({ name, image: 'i', ports: [{ containerPort: 80 }] })),
    }),
    want: 'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
  },
  {
    what: 'an address of the host without its port',
    made: pod({}, { ports: [{ containerPort: 80, hostIP: '1.2.3.4' }] }),
    want: 'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}',
  },
  {
    what: 'a pull secret named twice',
    made: pod({ imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }),
    want: 'spec.imagePullSecrets[1].name: duplicate name "a"',
  },
  {
    what: 'an annotation without effect',
    made: pod({}, {}, { 'scheduler.alpha.kubernetes.io/critical-pod': '' }),
    want: 'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
  },
])('warns of $what', ({ made, want }) => {
  expect(podKind.warnings(made, undefined)).toEqual([want]);
});

test('does not warn of a variable that is built out of its former value', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '$(A)2' },
  ];
  expect(podKind.warnings(pod({}, { env }), undefined)).toEqual([]);
});
