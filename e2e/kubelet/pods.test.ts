// What becomes of pods on a real node: one table of specs and of what their status, their output and their events must be.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { configMaps, pods, secrets } from '../../pkg/api/resources.ts';
import type { Container, Pod, PodSpec } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { IMAGE, missing, NODE, startNode, type TestNode } from './node.ts';
import { finished, message, ready, RUN, sh, statusOf, waitingReason } from './specs.ts';

const why = await missing();
if (why !== undefined) console.log(`kubelet tests are left out: ${why}`);

let node: TestNode;

beforeAll(async () => {
  if (why !== undefined) return;
  node = await startNode();
  const metadata = { namespace: 'default', name: 'conf' };
  await node.client
    .resource(configMaps)
    .create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'one', b: 'two' } });
  const data = { key: Buffer.from('geheim').toString('base64') };
  await node.client.resource(secrets).create({ apiVersion: 'v1', kind: 'Secret', metadata, data });
}, 60_000);

afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

const once = (containers: Container[], more: Partial<PodSpec> = {}): Omit<PodSpec, 'nodeName'> => ({
  restartPolicy: 'Never',
  containers,
  ...more,
});

interface Case {
  readonly name: string;
  readonly spec: Omit<PodSpec, 'nodeName'>;
  readonly until: (pod: Pod) => boolean;
  readonly check?: (pod: Pod) => void | Promise<void>;
}

const say = (what: string) => `${what} > /dev/termination-log`;

/** Events are written beside the status, so one may be seen before the other. */
const isTold = (name: string, event: string | RegExp) =>
  vi.waitFor(
    async () => {
      const told = await node.eventsOf(name);
      const isIt = (text: string) => (typeof event === 'string' ? text.startsWith(event) : event.test(text));
      expect(told.some(isIt), `${String(event)} in\n${told.join('\n')}`).toBe(true);
    },
    { timeout: 10_000, interval: 100 },
  );

const CASES: readonly Case[] = [
  {
    name: 'succeeds',
    spec: once([sh(say('echo -n done'))]),
    until: finished,
    check(pod) {
      expect(pod.status.phase).toBe('Succeeded');
      expect(statusOf(pod)?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'done' });
      expect(pod.status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
        status: 'False',
        reason: 'PodCompleted',
      });
    },
  },
  {
    name: 'fails-with-its-exit-code',
    spec: once([sh('echo broken >&2; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })]),
    until: finished,
    check(pod) {
      expect(pod.status.phase).toBe('Failed');
      expect(statusOf(pod)?.state?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', message: 'broken\n' });
    },
  },
  {
    name: 'is-killed-out-of-memory',
    spec: once([sh('x=0123456789; while :; do x=$x$x; done', { resources: { limits: { memory: '24Mi' } } })]),
    // The engine may tell of the end before it tells why.
    until: (pod) => finished(pod) && statusOf(pod)?.state?.terminated?.reason !== 'Error',
    check: (pod) => expect(statusOf(pod)?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' }),
  },
  {
    name: 'cannot-be-started',
    spec: once([{ name: 'main', image: IMAGE, command: ['/none'] }]),
    until: finished,
    check: (pod) => expect(statusOf(pod)?.state?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError' }),
  },
  {
    name: 'knows-itself',
    spec: once(
      [
        sh(say('echo -n "$NAME $NODE $A $KEY $MEM $URL $(cat /info/labels) $0 $(hostname)"'), {
          command: [
            'sh',
            '-c',
            say('echo -n "$NAME $NODE $A $KEY $MEM $URL $(cat /info/labels) $0 $(hostname)"'),
            '$(NAME)-arg',
          ],
          env: [
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'a' } } },
            { name: 'KEY', valueFrom: { secretKeyRef: { name: 'conf', key: 'key' } } },
            { name: 'MEM', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
            { name: 'URL', value: 'http://$(NAME)/$$(NAME)' },
          ],
          resources: { limits: { memory: '32Mi' } },
          volumeMounts: [{ name: 'info', mountPath: '/info' }],
        }),
      ],
      {
        hostname: 'me',
        volumes: [
          { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    ),
    until: finished,
    check: (pod) =>
      expect(message(pod)).toBe(
        `knows-itself ${NODE} one geheim 32 http://knows-itself/$(NAME) app="knows-itself" knows-itself-arg me`,
      ),
  },
  {
    name: 'has-its-environment',
    spec: once([
      sh(
        say(
          'echo -n "$CM_a $CM_b $key $a ${NONE-unset} ${NOKEY-unset} $IP $HOST $CPU $REQUEST $DEFAULT $ACCOUNT $LABEL $KUBERNETES_SERVICE_HOST $KUBERNETES_PORT_443_TCP_PORT $LATE"',
        ),
        {
          envFrom: [
            { prefix: 'CM_', configMapRef: { name: 'conf' } },
            { secretRef: { name: 'conf' } },
            { configMapRef: { name: 'none', optional: true } },
          ],
          env: [
            { name: 'a', value: 'own' },
            { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'none', key: 'a', optional: true } } },
            { name: 'NOKEY', valueFrom: { secretKeyRef: { name: 'conf', key: 'none', optional: true } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'HOST', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
            { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            { name: 'REQUEST', valueFrom: { resourceFieldRef: { resource: 'requests.memory', divisor: '1Ki' } } },
            {
              name: 'DEFAULT',
              valueFrom: { resourceFieldRef: { containerName: 'other', resource: 'requests.cpu', divisor: '1m' } },
            },
            { name: 'ACCOUNT', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
            { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
            { name: 'LATE', value: '$(AFTER)$(KUBERNETES_SERVICE_PORT)' },
            { name: 'AFTER', value: 'x' },
          ],
          resources: { requests: { memory: '1Mi' }, limits: { cpu: '250m', memory: '16Mi' } },
        },
      ),
      sh('true', { name: 'other' }),
    ]),
    until: finished,
    check: (pod) =>
      expect(message(pod)).toMatch(
        /^one two geheim own unset unset 10\.198\.0\.\d+ 127\.0\.0\.1 250 1024 0 default has-its-environment 10\.96\.0\.1 443 \$\(AFTER\)443$/,
      ),
  },
  {
    name: 'misses-a-variable',
    spec: {
      containers: [sh('true', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'no' } } }] })],
    },
    until: (pod) => waitingReason(pod) === 'CreateContainerConfigError',
    check: (pod) =>
      expect(statusOf(pod)?.state?.waiting?.message).toBe("couldn't find key no in ConfigMap default/conf"),
  },
  {
    name: 'runs-as-it-is-told',
    spec: once(
      [
        sh(
          say(
            'echo -n "$(id -u) $(id -g) $(id -G) $(stat -c %g:%a /data) $(touch /x 2>/dev/null && echo rw || echo ro) $(grep CapEff /proc/self/status | cut -f2) $(grep NoNewPrivs /proc/self/status | cut -f2)"',
          ),
          {
            securityContext: {
              runAsUser: 1000,
              runAsGroup: 3000,
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ),
      ],
      { securityContext: { fsGroup: 2000, supplementalGroups: [4000] }, volumes: [{ name: 'data', emptyDir: {} }] },
    ),
    until: finished,
    check: (pod) => expect(message(pod)).toBe('1000 3000 3000 2000 4000 2000:2777 ro 0000000000000000 1'),
  },
  {
    name: 'must-not-be-root',
    spec: once([sh('true')], { securityContext: { runAsNonRoot: true } }),
    until: (pod) => waitingReason(pod) === 'CreateContainerConfigError',
    check: (pod) =>
      expect(statusOf(pod)?.state?.waiting?.message).toMatch(
        /^container has runAsNonRoot and image will run as root \(pod: "must-not-be-root_default\(/,
      ),
  },
  {
    name: 'has-its-volumes',
    spec: once(
      [
        sh(
          say(
            'echo -n "$(cat /p/a) $(stat -Lc %a /p/k) $(cat /p/k) $(wc -c < /p/token | tr -d " ") $(mount | grep -c "on /mem type tmpfs") $(cat /sub/two) $(cat /one)" | sed "s/ [0-9]\\{3,4\\} 1 / token 1 /"',
          ),
          {
            volumeMounts: [
              { name: 'p', mountPath: '/p' },
              { name: 'mem', mountPath: '/mem' },
              { name: 'conf', mountPath: '/sub/two', subPath: 'b' },
              { name: 'conf', mountPath: '/one', subPath: 'a' },
            ],
          },
        ),
      ],
      {
        volumes: [
          {
            name: 'p',
            projected: {
              sources: [
                { configMap: { name: 'conf', items: [{ key: 'a', path: 'a' }] } },
                { secret: { name: 'conf', items: [{ key: 'key', path: 'k', mode: 0o400 }] } },
                { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
              ],
            },
          },
          { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'conf', configMap: { name: 'conf' } },
        ],
      },
    ),
    until: finished,
    check: (pod) => expect(message(pod)).toBe('one 400 geheim token 1 two one'),
  },
  {
    name: 'initialises-in-order',
    spec: {
      restartPolicy: 'Never',
      initContainers: [
        sh('echo first > /data/log', { name: 'first', volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
        sh(`echo side >> /data/log; ${RUN}`, {
          name: 'side',
          restartPolicy: 'Always',
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
          startupProbe: { exec: { command: ['grep', 'side', '/data/log'] }, periodSeconds: 1 },
        }),
        sh('echo last >> /data/log', { name: 'last', volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      ],
      containers: [sh(say('cat /data/log'), { volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
    until: finished,
    check(pod) {
      expect(message(pod)).toBe('first\nside\nlast\n');
      expect(pod.status.phase).toBe('Succeeded');
      expect(statusOf(pod, 'side')?.state?.terminated).toBeDefined();
    },
  },
  {
    name: 'fails-to-initialise',
    spec: once([sh(RUN)], { initContainers: [sh('exit 4', { name: 'init' })] }),
    until: finished,
    check(pod) {
      expect(pod.status.phase).toBe('Failed');
      expect(statusOf(pod, 'init')?.state?.terminated?.exitCode).toBe(4);
      expect(statusOf(pod)?.state?.waiting?.reason).toBe('PodInitializing');
    },
  },
  {
    name: 'crashes-and-is-held-back',
    spec: { containers: [sh('exit 1')] },
    until: (pod) => waitingReason(pod) === 'CrashLoopBackOff' && (statusOf(pod)?.restartCount ?? 0) >= 1,
    async check(pod) {
      expect(pod.status.phase).toBe('Running');
      expect(statusOf(pod)?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
      expect(statusOf(pod)?.state?.waiting?.message).toMatch(
        /^back-off 10s restarting failed container=main pod=crashes-and-is-held-back_default\(.*\)$/,
      );
      await isTold(
        'crashes-and-is-held-back',
        'Warning BackOff Back-off restarting failed container main in pod crashes',
      );
    },
  },
  {
    name: 'has-no-image',
    spec: { containers: [{ name: 'main', image: 'registry.invalid/none:1' }] },
    until: (pod) => waitingReason(pod) === 'ImagePullBackOff',
    async check(pod) {
      expect(pod.status.phase).toBe('Pending');
      await isTold('has-no-image', 'Normal Pulling Pulling image "registry.invalid/none:1"');
      await isTold('has-no-image', 'Warning Failed Error: ErrImagePull');
      await isTold('has-no-image', 'Normal BackOff Back-off pulling image "registry.invalid/none:1"');
    },
  },
  {
    name: 'must-not-pull',
    spec: { containers: [{ name: 'main', image: 'none:1', imagePullPolicy: 'Never' }] },
    until: (pod) => waitingReason(pod) === 'ErrImageNeverPull',
  },
  {
    name: 'has-a-bad-image-name',
    spec: { containers: [{ name: 'main', image: 'Upper:1' }] },
    until: (pod) => waitingReason(pod) === 'InvalidImageName',
  },
  {
    name: 'is-ready-when-it-answers',
    spec: {
      containers: [
        sh(`mkdir /www; echo hi > /www/ok; (sleep 1; httpd -f -p 8080 -h /www) & ${RUN}`, {
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ok', port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    },
    until: ready,
    async check() {
      await isTold(
        'is-ready-when-it-answers',
        /^Warning Unhealthy Readiness probe failed: Get "http:\/\/10\.198\.0\.\d+:8080\/ok": dial tcp .*connection refused$/,
      );
    },
  },
  {
    name: 'is-restarted-when-it-hangs',
    spec: {
      containers: [
        sh(`touch /alive; (sleep 1; rm /alive) & ${RUN}`, {
          livenessProbe: { exec: { command: ['test', '-e', '/alive'] }, periodSeconds: 1, failureThreshold: 2 },
        }),
      ],
    },
    until: (pod) => (statusOf(pod)?.restartCount ?? 0) >= 1,
    async check() {
      await isTold(
        'is-restarted-when-it-hangs',
        'Normal Killing Container main failed liveness probe, will be restarted',
      );
    },
  },
  {
    name: 'is-over-its-deadline',
    spec: { containers: [sh(RUN)], activeDeadlineSeconds: 2 },
    until: (pod) => pod.status.phase === 'Failed',
    check: (pod) => expect(pod.status).toMatchObject({ reason: 'DeadlineExceeded' }),
  },
  {
    name: 'asks-for-too-much',
    spec: { containers: [sh(RUN, { resources: { requests: { cpu: '1000' } } })] },
    until: finished,
    check(pod) {
      expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' });
      expect(pod.status.message).toMatch(
        /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
      );
    },
  },
  {
    name: 'is-not-for-this-node',
    spec: { containers: [sh(RUN)], nodeSelector: { test: 'another' } },
    until: finished,
    check: (pod) => expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'NodeAffinity' }),
  },
  {
    name: 'shares-processes',
    spec: once([sh(`until grep pause /proc/1/comm; do sleep 0.1; done; ${say('cat /proc/1/comm')}`)], {
      shareProcessNamespace: true,
    }),
    until: finished,
    check: (pod) => expect(message(pod)).toBe('pause\n'),
  },
  {
    name: 'is-on-the-host-network',
    spec: { containers: [sh(RUN)], hostNetwork: true },
    until: ready,
    check: (pod) => expect(pod.status.podIP).toBe('127.0.0.1'),
  },
  {
    name: 'is-reached-by-a-host-port',
    spec: {
      containers: [
        sh(`mkdir /www; echo published > /www/index.html; httpd -p 8080 -h /www; ${RUN}`, {
          ports: [{ containerPort: 8080, hostPort: 16_530 }],
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        }),
      ],
    },
    until: ready,
    async check() {
      expect(await (await fetch('http://127.0.0.1:16530/')).text()).toBe('published\n');
    },
  },
  {
    name: 'has-a-limit-of-cpu',
    spec: once([
      sh(say('(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us || cat /sys/fs/cgroup/cpu.max) 2>/dev/null'), {
        resources: { requests: { cpu: '250m' }, limits: { cpu: '500m' } },
      }),
    ]),
    until: finished,
    check: (pod) => expect(message(pod)).toMatch(/^50000\s/),
  },
];

describe.skipIf(why !== undefined)('a pod', () => {
  test.concurrent.each(CASES)(
    'that $name',
    async ({ name, spec, until, check }) => {
      await node.create(name, spec, { labels: { app: name } });
      const pod = await node.until(name, until, 60);
      expect(pod.status).toMatchObject({ hostIP: '127.0.0.1', observedGeneration: 1 });
      await check?.(pod);
      await node.client.resource(pods).delete({ namespace: 'default', name });
      await node.untilGone(name);
    },
    120_000,
  );
});

describe.skipIf(why !== undefined)('the node', () => {
  test('has taken everything away with the pods', async () => {
    const label = [`io.typekube.node=${NODE}`];
    const leftOver = async () => {
      const left = await node.docker.listContainers({ all: true, filters: { label } });
      const known = new Set((await node.client.resource(pods).list()).items.map(({ metadata }) => metadata.uid));
      const containers = left.filter(({ Labels }) => !known.has(Labels['io.kubernetes.pod.uid'] ?? ''));
      const directories = readdirSync(join(node.directory, 'kubelet/pods')).filter((uid) => !known.has(uid));
      return [...containers.flatMap(({ Names }) => Names), ...directories];
    };
    // A pod leaves the API before the last of its containers has been removed.
    await expect.poll(leftOver, { timeout: 15_000, interval: 100 }).toEqual([]);
  });
});
