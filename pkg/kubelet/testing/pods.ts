// Pods and what a runtime holds of them, for tests: only what matters needs to be said.
import type { Container, Pod, PodSpec } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContainerRecord, ObservedPod, SandboxState } from '../runtime/runtime.ts';
import { limitsOf } from '../pod/resize.ts';
import { HASH_LABEL, hashOf } from '../pod/spec-hash.ts';

export const NOON: Instant = Date.parse('2026-01-01T12:00:00Z');

export function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: `${name}:1`, ...more };
}

export function pod(spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>, more: Partial<Pod> = {}): Pod {
  const metadata = {
    name: 'web',
    namespace: 'default',
    uid: 'u1',
    creationTimestamp: '2026-01-01T11:00:00Z',
    resourceVersion: '1',
    ...more.metadata,
  };
  return { apiVersion: 'v1', kind: 'Pod', status: {}, ...more, metadata, spec: { nodeName: 'n1', ...spec } };
}

export const IDENTITY = { uid: 'u1', name: 'web', namespace: 'default' };

export function sandbox(more: Partial<SandboxState> = {}): SandboxState {
  return {
    id: 's0',
    pod: IDENTITY,
    attempt: 0,
    ready: true,
    createdAt: NOON,
    ip: '10.0.0.9',
    labels: {},
    ...more,
  };
}

export function record(spec: Container, more: Partial<ContainerRecord> = {}): ContainerRecord {
  const attempt = more.attempt ?? 0;
  return {
    id: `${spec.name}-${attempt}`,
    pod: IDENTITY,
    sandboxId: 's0',
    name: spec.name,
    attempt,
    state: 'running',
    createdAt: NOON,
    startedAt: NOON,
    finishedAt: more.state === 'exited' ? NOON : undefined,
    exitCode: 0,
    oomKilled: false,
    error: '',
    image: spec.image ?? '',
    imageId: 'sha256:1',
    limits: limitsOf(spec),
    ...more,
    labels: { [HASH_LABEL]: hashOf(spec), ...more.labels },
  };
}

export function observed(
  containers: readonly ContainerRecord[],
  sandboxes: readonly SandboxState[] = [sandbox()],
): ObservedPod {
  return { pod: IDENTITY, sandboxes, containers };
}
