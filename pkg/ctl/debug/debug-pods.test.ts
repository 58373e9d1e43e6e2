import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { losesRights, nodePod, podCopy, withEphemeralContainer, type DebugRequest } from './debug-pods.ts';
import { at } from '../objects/access.ts';
import type { Profile } from './profiles.ts';

const request = (profile: Profile, more: Partial<DebugRequest> = {}): DebugRequest => ({
  profile,
  keep: {
    labels: false,
    annotations: false,
    liveness: false,
    readiness: false,
    startup: false,
    initContainers: true,
  },
  custom: undefined,
  image: 'tools',
  pullPolicy: '',
  env: [],
  words: [],
  argumentsOnly: false,
  stdin: false,
  tty: false,
  ...more,
});

const web = (): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'x', labels: { a: 'b' }, annotations: { c: 'd' }, uid: 'u' },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'main', image: 'web', args: ['serve'], livenessProbe: {}, readinessProbe: {} }],
    ephemeralContainers: [{ name: 'old', image: 'tools' }],
  },
  status: { phase: 'Running' },
});
const copy = { name: 'copy', sameNode: false, shareProcesses: undefined, setImages: new Map<string, string>() };

const restricted = {
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  allowPrivilegeEscalation: false,
  seccompProfile: { type: 'RuntimeDefault' },
};
const traces = { capabilities: { add: ['SYS_PTRACE'] } };
const network = { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } };

test.each<{ profile: Profile; inPod: unknown; onNode: unknown; host: boolean; root: boolean; shares: boolean }>([
  { profile: 'legacy', inPod: undefined, onNode: undefined, host: true, root: true, shares: false },
  { profile: 'general', inPod: traces, onNode: undefined, host: true, root: true, shares: true },
  { profile: 'baseline', inPod: undefined, onNode: undefined, host: false, root: false, shares: true },
  { profile: 'restricted', inPod: restricted, onNode: restricted, host: false, root: false, shares: true },
  { profile: 'netadmin', inPod: network, onNode: network, host: true, root: false, shares: true },
  {
    profile: 'sysadmin',
    inPod: { privileged: true },
    onNode: { privileged: true },
    host: true,
    root: true,
    shares: true,
  },
])('$profile gives its container these rights', ({ profile, inPod, onNode, host, root, shares }) => {
  const added = withEphemeralContainer(web(), 'd', '', request(profile));
  expect(at(added, 'spec', 'ephemeralContainers', 1, 'securityContext')).toEqual(inPod);
  const copied = podCopy(web(), 'd', copy, request(profile), () => 'unused').pod;
  expect(at(copied, 'spec', 'containers', 1, 'securityContext')).toEqual(inPod);
  expect(at(copied, 'spec', 'shareProcessNamespace') === true).toBe(shares);
  expect(at(copied, 'metadata', 'labels')).toBeUndefined();
  expect(at(copied, 'spec', 'containers', 0, 'livenessProbe') === undefined).toBe(shares);
  const pod = nodePod('n1', 'p', 'd', request(profile));
  expect(at(pod, 'spec', 'containers', 0, 'securityContext')).toEqual(onNode);
  expect([at(pod, 'spec', 'hostPID') === true, at(pod, 'spec', 'volumes', 0) !== undefined]).toEqual([host, root]);
});

describe('a container added to a pod', () => {
  test('stands behind the others, and the pod that was given stays as it is', () => {
    const pod = web();
    const words = { words: ['sh'], env: [['A', 'b']], stdin: true, tty: true } as const;
    const debugged = withEphemeralContainer(pod, 'd', 'main', request('baseline', words));
    expect(pod).toEqual(web());
    expect(debugged).toMatchObject({
      spec: {
        ephemeralContainers: [
          { name: 'old' },
          {
            name: 'd',
            image: 'tools',
            command: ['sh'],
            env: [{ name: 'A', value: 'b' }],
            stdin: true,
            tty: true,
            targetContainerName: 'main',
          },
        ],
      },
    });
  });

  test('takes over what the user says of it, list items by their keys', () => {
    const custom = { env: [{ name: 'B', value: '1' }], securityContext: { runAsUser: 0 } };
    const debugged = withEphemeralContainer(web(), 'd', '', request('sysadmin', { custom, env: [['A', 'b']] }));
    expect(debugged).toMatchObject({
      spec: {
        ephemeralContainers: [
          {},
          {
            env: [
              { name: 'B', value: '1' },
              { name: 'A', value: 'b' },
            ],
            securityContext: { privileged: true, runAsUser: 0 },
          },
        ],
      },
    });
  });
});

describe('a copy of a pod', () => {
  test('with other images only has no container to attach to', () => {
    const setImages = new Map([['*', 'other']]);
    const made = podCopy(web(), '', { ...copy, setImages }, request('general', { image: '' }), () => 'new');
    expect(made).toMatchObject({ container: '', pod: { spec: { containers: [{ image: 'other' }] } } });
    expect(made.pod).not.toHaveProperty('spec.nodeName');
    expect(made.pod).not.toHaveProperty('spec.ephemeralContainers');
  });

  test('with another command loses the arguments, and stays on its node when asked', () => {
    const changed = request('general', { image: '', words: ['sh'] });
    const made = podCopy(web(), 'main', { ...copy, sameNode: true, shareProcesses: false }, changed, () => 'new');
    expect(made).toMatchObject({
      container: 'main',
      pod: { spec: { nodeName: 'n1', shareProcessNamespace: false, containers: [{ command: ['sh'] }] } },
    });
    expect(made.pod).not.toHaveProperty('spec.containers.0.args');
  });

  test('gets a container of a new name, which needs an image', () => {
    expect(podCopy(web(), '', copy, request('general'), () => 'new').container).toBe('new');
    expect(() => podCopy(web(), 'd', copy, request('general', { image: '', words: ['sh'] }), () => 'new')).toThrow(
      'you must specify image when creating new container',
    );
  });
});

test.each<{ user: number; context: JsonObject; loses: boolean }>([
  { user: 7, context: { privileged: true }, loses: true },
  { user: 7, context: { capabilities: { add: ['X'] } }, loses: true },
  { user: 7, context: { privileged: true, runAsUser: 0 }, loses: false },
  { user: 7, context: {}, loses: false },
  { user: 0, context: { privileged: true }, loses: false },
])('the pod’s user $user takes rights of $context: $loses', ({ user, context, loses }) => {
  const spec = { securityContext: { runAsUser: user }, containers: [{ name: 'd', securityContext: context }] };
  expect(losesRights({ spec }, 'd')).toBe(loses);
});
