// The objects that benchmarks create, as JSON with `@NAME@` where the name goes.

/** A small pod: about 2 kB once the server has filled it in. */
export function podTemplate(spec: Record<string, unknown> = {}): string {
  const resources = { requests: { cpu: '100m', memory: '128Mi' } };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '@NAME@', namespace: 'default', labels: { app: 'bench' } },
    spec: { containers: [{ name: 'app', image: 'app:1', resources }], ...spec },
  });
}

/** A hollow node: an object that nobody stands behind. */
export function nodeTemplate(): string {
  const amounts = { cpu: '16', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: '@NAME@', labels: { 'kubernetes.io/hostname': '@NAME@' } },
    status: { capacity: amounts, allocatable: amounts, conditions: [{ type: 'Ready', status: 'True' }] },
  });
}
