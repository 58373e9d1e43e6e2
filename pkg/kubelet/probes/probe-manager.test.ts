import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { container, NOON, pod, record } from '../testing/pods.ts';
import { ProbeManager } from './probe-manager.ts';

/** Probes a container that began to run at noon by a command, and counts how often. */
function probing(clock: VirtualClock, probe: { initialDelaySeconds?: number; periodSeconds: number }) {
  let times = 0;
  const runtime = new FakeRuntime({ clock });
  runtime.exec = () => {
    times++;
    return Promise.resolve({
      output: (async function* () {})(),
      write: () => Promise.resolve(),
      closeStdin: () => undefined,
      resize: () => Promise.resolve(),
      exitCode: () => Promise.resolve(0),
      kill: () => Promise.resolve(),
      close: () => undefined,
    });
  };
  const events = { record: () => undefined, close: () => Promise.resolve() };
  const manager = new ProbeManager({ runtime, clock, events, log: silentLogger, changed: () => undefined });
  const spec = container('web', { livenessProbe: { exec: { command: ['true'] }, ...probe } });
  const running = [record(spec)];
  manager.update(pod({ containers: [spec] }), { running, podIp: '', adopted: new Set(), ending: false });
  return { manager, times: () => times };
}

test('probes begin after their delay and come once a period', async () => {
  const clock = new VirtualClock(NOON + 1000);
  const { manager, times } = probing(clock, { initialDelaySeconds: 5, periodSeconds: 10 });
  await clock.advance(3999);
  expect(times()).toBe(0);
  await clock.advance(1);
  expect(times()).toBe(1);
  await clock.advance(30_000);
  expect(times()).toBe(4);
  await manager.close();
});

test.each([
  ['back', -3_600_000],
  ['forward', 3_600_000],
])('probes come once a period when somebody sets the clock %s', async (_where, byMs) => {
  const clock = new VirtualClock(NOON);
  const { manager, times } = probing(clock, { periodSeconds: 10 });
  await clock.advance(1000);
  clock.set(byMs);
  await clock.advance(30_000);
  expect(times()).toBe(4);
  await manager.close();
});
