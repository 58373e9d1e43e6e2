// `config`, and the global flags that choose a cluster.
import type { Row } from './row.ts';

export const configRows: readonly Row[] = [
  {
    run: [
      'config current-context',
      'config get-contexts',
      'config use-context nope',
      'config view',
      'config view -o json',
      'config get-clusters',
      'config view --minify',
      'config delete-context nope',
      'config rename-context a b',
      'completion',
      'completion foo',
      'get pods --context nope',
      'get pods --cluster nope',
      'get pods --user nope',
      'get pods -s http://127.0.0.1:1',
      'get pods --as=nobody-at-all',
    ],
  },
  // Each first in its row: what kubectl says depends on what its cache already has.
  { run: ['get pods --token=wrong'] },
  { run: ['api-resources --token=wrong'] },
  { run: ['api-versions --token=wrong'] },
  { run: ['version --token=wrong'] },
  { run: ['version -s http://127.0.0.1:1', 'version x', 'version -o foo', 'version --foo'] },
  {
    run: [
      'config set-context y --cluster=test --user=admin',
      'config set-cluster d --server=https://x:1 --insecure-skip-tls-verify',
      'config set-credentials v --token=abc',
      'config use-context y',
      'config rename-context y z',
      'config current-context',
      'config get-contexts',
      'config view --minify',
      'config delete-user v',
      'config delete-cluster d',
      'config delete-context z',
      'config delete-context z',
      'config get-users',
      'config view',
    ],
  },
];
