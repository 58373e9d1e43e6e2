// What a server has, and words that mean nothing: api-resources, explain, auth, version, cluster-info.
import type { Row } from './row.ts';

export const discoveryRows: readonly Row[] = [
  {
    run: [
      'auth can-i get pods',
      'auth can-i',
      'auth can-i get foo',
      'auth whoami',
      'api-versions',
      'api-resources',
      'api-resources -o wide',
      'api-resources -o name',
      'api-resources --namespaced=false',
      'api-resources --api-group=apps',
      'api-resources --sort-by=kind --no-headers',
      'api-resources -o foo',
      'api-resources --verbs=list,watch --categories=all',
      'cluster-info',
      'version -o foo',
      'explain',
      'explain foo',
      'explain pods.nope',
      'gett pods',
      'foooooo',
      'desc',
      'explain configmap',
      'explain pod.spec.containers.resources',
      'explain cm.data',
      'explain deployment.spec.strategy --recursive',
      'explain namespaces --recursive',
    ],
  },
  {
    run: [
      'explain pod.spec.nope.foo',
      'explain pod.nope.foo',
      'explain pod.nope.foo.bar',
      'explain pod.spec.containers.nope',
      'explain pod.metadata.labels.foo',
      'explain csr.spec',
      'explain deploy --recursive',
      'explain pods --output=foo',
    ],
  },
  {
    run: [
      'api-resources -o json --api-group=apps',
      'api-resources -o yaml --namespaced=false --api-group=node.k8s.io --verbs=list',
    ],
  },
];
