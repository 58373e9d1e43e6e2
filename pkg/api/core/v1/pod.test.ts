import { expect, test } from 'vitest';
import type { Container, ContainerStatus, Pod, PodSpec } from '../../schema/generated/core.v1.gen.ts';
import { podKind } from './pod.ts';

const CONTEXT = { now: Date.parse('2024-01-02T03:04:05Z'), user: { name: 'someone', groups: [] } };

function pod(spec: Partial<PodSpec> = {}, container: Partial<Container> = {}): Pod {
  const made: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
    status: {},
  };
  podKind.setDefaults(made);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);
const faultsOf = (made: Pod) => lines(podKind.validate(made));

test.each([
  { given: 'the older field', status: { podIP: '10.0.0.1' }, want: ['10.0.0.1'] },
  {
    given: 'the newer field',
    status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
    want: ['10.0.0.1', 'fd00::1'],
  },
  { given: 'two that differ', status: { podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.1' }] }, want: ['10.0.0.2'] },
])('of the addresses of a pod the older field counts: $given', ({ status, want }) => {
  const made = { ...pod(), status };
  podKind.setDefaults(made);
  expect(made.status).toEqual({ podIP: want[0], podIPs: want.map((ip) => ({ ip })) });
});

test('a minimal pod gets what Kubernetes gives it', () => {
  expect(pod().spec).toEqual({
    containers: [
      {
        name: 'c',
        image: 'i',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  expect(faultsOf(pod())).toEqual([]);
});

test.each([
  ['busybox', 'Always'],
  ['busybox:latest', 'Always'],
  ['registry.example.com:5000/team/busybox', 'Always'],
  ['busybox:1.36', 'IfNotPresent'],
  ['registry.example.com:5000/team/busybox:v2', 'IfNotPresent'],
  [`busybox@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  ['NOT AN IMAGE', 'IfNotPresent'],
])('the image %s is pulled %s', (image, policy) => {
  expect(pod({}, { image }).spec.containers[0]?.imagePullPolicy).toBe(policy);
});

test('requests are taken from limits, and amounts are written canonically', () => {
  const { resources } =
    pod({}, { resources: { limits: { cpu: '2000m', memory: '1024Mi' }, requests: { cpu: '0.5' } } }).spec
      .containers[0] ?? {};
  expect(resources).toEqual({ limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
});

test('on the host’s network container ports are host ports', () => {
  const made = pod({ hostNetwork: true }, { ports: [{ containerPort: 80 }] });
  expect(made.spec.containers[0]?.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
});

test.each<{ name: string; resources: Container['resources']; want: string }>([
  { name: 'nothing asked', resources: {}, want: 'BestEffort' },
  { name: 'something asked', resources: { requests: { cpu: '1' } }, want: 'Burstable' },
  { name: 'all limits given', resources: { limits: { cpu: '1', memory: '1Gi' } }, want: 'Guaranteed' },
  {
    name: 'equal amounts in other words',
    resources: { limits: { cpu: '1000m', memory: '1Gi' }, requests: { cpu: '1', memory: '1024Mi' } },
    want: 'Guaranteed',
  },
])('with $name a pod is $want', ({ resources, want }) => {
  const made = pod({}, { resources });
  podKind.prepareForCreate(made, CONTEXT);
  expect(made.status).toEqual({ phase: 'Pending', qosClass: want });
});

test.each<{ name: string; made: Pod; want: string }>([
  { name: 'no containers', made: pod({ containers: [] }), want: 'spec.containers: Required value' },
  {
    name: 'a bad name',
    made: pod({}, { name: 'C' }),
    want: 'spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label',
  },
  {
    name: 'a dotted name',
    made: pod({}, { name: 'a.b' }),
    want: 'spec.containers[0].name: Invalid value: "a.b": must not contain dots',
  },
  {
    name: 'a bad port',
    made: pod({}, { ports: [{ containerPort: 65_536 }] }),
    want: 'spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
  },
  {
    name: 'a probe without handler',
    made: pod({}, { livenessProbe: {} }),
    want: 'spec.containers[0].livenessProbe: Required value: must specify a handler type',
  },
  {
    name: 'an unknown mount',
    made: pod({}, { volumeMounts: [{ name: 'v', mountPath: '/a' }] }),
    want: 'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  },
  {
    name: 'two sources',
    made: pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] }),
    want: 'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  },
  {
    name: 'too large a request',
    made: pod({}, { resources: { limits: { memory: '1G' }, requests: { memory: '1Gi' } } }),
    want: 'spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 1G',
  },
  {
    name: 'an unknown restart policy',
    made: pod({ restartPolicy: 'x' }),
    want: 'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"',
  },
  {
    name: 'a toleration without key',
    made: pod({ tolerations: [{ operator: 'Equal', value: 'a' }] }),
    want: 'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty',
  },
  {
    name: 'an init container with probes',
    made: pod({ initContainers: [{ name: 'i', image: 'a', readinessProbe: { exec: { command: ['a'] } } }] }),
    want: 'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  },
  {
    name: 'ephemeral containers',
    made: pod({ ephemeralContainers: [{ name: 'e', image: 'a' }] }),
    want: 'spec.ephemeralContainers: Forbidden: cannot be set on create',
  },
  {
    name: 'a field path that is not offered',
    made: pod({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
    want: 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels"',
  },
  {
    name: 'colliding host ports',
    made: pod(
      {},
      {
        ports: [
          { containerPort: 1, hostPort: 80 },
          { containerPort: 2, hostPort: 80 },
        ],
      },
    ),
    want: 'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
  },
])('a pod with $name is refused', ({ made, want }) => {
  expect(faultsOf(made)).toContainEqual(expect.stringContaining(want));
});

function updated(change: (next: Pod) => void, old = pod()): string[] {
  const next = structuredClone(old);
  change(next);
  return lines(podKind.validateUpdate(next, old));
}

test.each<[string, (next: Pod) => void]>([
  ['an image', (next) => next.spec.containers.forEach((container) => (container.image = 'j'))],
  ['a deadline where there was none', (next) => (next.spec.activeDeadlineSeconds = 5)],
  ['one more toleration', (next) => (next.spec.tolerations = [{ key: 'a', operator: 'Exists' }])],
])('a pod may be given %s', (_, change) => {
  expect(updated(change)).toEqual([]);
});

test('what else changes is named in the refusal', () => {
  const [fault = ''] = updated((next) => (next.spec.nodeSelector = { a: 'b' }));
  expect(fault).toContain('spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`');
  expect(fault).toContain('+nodeSelector: {"a":"b"}');
});

test.each<{ name: string; change: (next: Pod) => void; old: Pod; want: string }>([
  {
    name: 'a later deadline',
    old: pod({ activeDeadlineSeconds: 5 }),
    change: (next) => (next.spec.activeDeadlineSeconds = 6),
    want: 'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
  },
  {
    name: 'fewer tolerations',
    old: pod({ tolerations: [{ key: 'a', operator: 'Exists' }] }),
    change: (next) => delete next.spec.tolerations,
    want: 'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  },
  {
    name: 'more containers',
    old: pod(),
    change: (next) =>
      next.spec.containers.push({ name: 'd', image: 'a', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }),
    want: 'spec.containers: Forbidden: pod updates may not add or remove containers',
  },
  {
    name: 'a new scheduling gate',
    old: pod(),
    change: (next) => (next.spec.schedulingGates = [{ name: 'a/b' }]),
    want: "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a/b'",
  },
])('a pod may not be given $name', ({ change, old, want }) => {
  expect(updated(change, old)).toContain(want);
});

test('a status update keeps the spec, and ended containers stay ended', () => {
  const ended: ContainerStatus = {
    name: 'c',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode: 0 } },
  };
  const old = { ...pod({ restartPolicy: 'Never' }), status: { containerStatuses: [ended], qosClass: 'BestEffort' } };
  const next = structuredClone(old);
  next.spec.nodeName = 'elsewhere';
  next.status = { containerStatuses: [{ ...ended, state: { running: {} } }], qosClass: '' };
  podKind.prepareForStatusUpdate(next, old, CONTEXT);
  expect(next.spec).toEqual(old.spec);
  expect(next.status.qosClass).toBe('BestEffort');
  expect(lines(podKind.validateStatusUpdate(next, old))).toEqual([
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]);
});

test.each([
  { name: 'on a node', spec: { nodeName: 'n' }, phase: 'Running', requested: undefined, want: 30 },
  { name: 'on a node, asked for less', spec: { nodeName: 'n' }, phase: 'Running', requested: 5, want: 5 },
  { name: 'that was never scheduled', spec: {}, phase: 'Pending', requested: undefined, want: 0 },
  { name: 'that has ended', spec: { nodeName: 'n' }, phase: 'Succeeded', requested: undefined, want: 0 },
  {
    name: 'with a negative period',
    spec: { nodeName: 'n', terminationGracePeriodSeconds: -1 },
    phase: 'Running',
    requested: undefined,
    want: 1,
  },
])('a pod $name lives on for $want seconds', ({ spec, phase, requested, want }) => {
  expect(podKind.gracefulDeletion?.({ ...pod(spec), status: { phase } }, requested)).toBe(want);
});

test('odd but harmless things are warned of', () => {
  const made = pod(
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
  );
  expect(podKind.warnings(made, undefined)).toEqual([
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
  ]);
});
