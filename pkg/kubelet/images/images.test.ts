import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { container, pod } from '../testing/pods.ts';
import { ImageCollector } from './image-collector.ts';
import { ImagePuller } from './image-puller.ts';
import { parseImageName } from './image-name.ts';
import { authFor } from './registry-auth.ts';

test.each([
  ['busybox', 'docker.io/library/busybox'],
  ['foo/bar:1.2', 'docker.io/foo/bar'],
  ['reg.example:5000/a/b@sha256:' + 'a'.repeat(64), 'reg.example:5000/a/b'],
  ['localhost/x', 'localhost/x'],
])('%s names %s', (image, want) => {
  const parsed = parseImageName(image);
  expect(parsed.ok && `${parsed.name.domain}/${parsed.name.path}`).toBe(want);
});

test.each([
  ['Busybox', 'invalid reference format: repository name (library/Busybox) must be lowercase'],
  ['a b', 'invalid reference format'],
  ['', 'invalid reference format'],
  ['x:', 'invalid reference format'],
])('%j is refused: %s', (image, want) => {
  expect(parseImageName(image)).toEqual({ ok: false, fault: want });
});

describe('images are had by their policy', () => {
  function puller(images: string[]) {
    const clock = new VirtualClock();
    const runtime = new FakeRuntime({ clock, images: new Set(images) });
    const told: string[] = [];
    const images_ = new ImagePuller(runtime, clock);
    const ensure = (image: string, imagePullPolicy: string) => {
      const spec = container('web', { image, imagePullPolicy });
      const tell = (type: string, reason: string, message: string) => told.push(`${type} ${reason} ${message}`);
      return images_.ensure(pod({ containers: [spec] }), spec, () => undefined, tell, new AbortController().signal);
    };
    return { clock, runtime, told, ensure };
  }

  test('what is there is used without asking', async () => {
    const { ensure, told } = puller(['a:1']);
    expect(await ensure('a:1', 'IfNotPresent')).toMatchObject({ ok: true });
    expect(told).toEqual([
      'Normal Pulled Container image "a:1" already present on machine and can be accessed by the pod',
    ]);
  });

  test('what must not be pulled is missed', async () => {
    const { ensure, told } = puller([]);
    expect(await ensure('a:1', 'Never')).toMatchObject({ ok: false, reason: 'ErrImageNeverPull' });
    expect(told).toEqual(['Warning ErrImageNeverPull Container image "a:1" is not present with pull policy of Never']);
  });

  test('a failed pull is held back longer each time', async () => {
    const { ensure, clock, told } = puller([]);
    const reasons: string[] = [];
    for (const seconds of [0, 5, 6, 15, 6]) {
      await clock.advance(seconds * 1000);
      const outcome = await ensure('a:1', 'Always');
      reasons.push(outcome.ok ? 'ok' : outcome.reason);
    }
    expect(reasons).toEqual(['ErrImagePull', 'ImagePullBackOff', 'ErrImagePull', 'ImagePullBackOff', 'ErrImagePull']);
    expect(told).toContain('Normal BackOff Back-off pulling image "a:1"');
    expect(told).toContain('Warning Failed Failed to pull image "a:1": no such image: a:1');
  });
});

test('credentials are found by the registry of the image', () => {
  const config = { auths: { 'https://index.docker.io/v1/': { auth: Buffer.from('me:pw').toString('base64') } } };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', uid: 's', creationTimestamp: '', resourceVersion: '1' },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
  };
  expect(authFor('docker.io', [secret])).toMatchObject({ username: 'me', password: 'pw' });
  expect(authFor('reg.example', [secret])).toBeUndefined();
});

test('every pulled image is remembered for the next kubelet, however many come at once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kubelet-images-'));
  const ids = Array.from({ length: 20 }, (_, index) => `sha256:${index}`);
  const clock = new VirtualClock();
  const runtime = new FakeRuntime({ clock });
  const warned: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warned.push(message) };
  const collector = () => new ImageCollector(join(directory, 'pulled.json'), { runtime, clock, log });
  try {
    const first = collector();
    await Promise.all(ids.map((id) => first.hasPulled(id)));
    const kept: unknown = JSON.parse(await readFile(join(directory, 'pulled.json'), 'utf8'));
    expect(Object.keys(kept as object).toSorted()).toEqual(ids.toSorted());
    expect(warned).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
