// The objects that benchmarks create, as JSON with `@NAME@` where the name goes.

/** A pod as a Deployment makes them, but for the owner. */
export function podTemplate(spec: Record<string, unknown> = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '@NAME@', namespace: 'default', labels: { app: 'bench', 'pod-template-hash': '5d9c7b4f6' } },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'registry.example.com/app:1.0',
          ports: [{ containerPort: 8080, name: 'http' }],
          env: [{ name: 'MODE', value: 'production' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
        },
      ],
      ...spec,
    },
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
