// `apply` and `diff`, client-side and server-side.
import type { Row } from './row.ts';

export const applyRows: readonly Row[] = [
  {
    run: [
      'apply -f FILES/web.yaml',
      'apply -f FILES/web.yaml',
      'apply -f FILES/web2.yaml',
      'apply -f FILES/web2.yaml',
      'get deploy web -o yaml',
      'get svc web -o jsonpath={.metadata.annotations}',
      'apply -f FILES/web.yaml --dry-run=client',
      'apply -f FILES/web.yaml --dry-run=server',
      'apply -f FILES/web.yaml -o name',
      'apply -f FILES/web.yaml -o yaml',
      'diff -f FILES/web.yaml',
      'get svc web -o yaml',
    ],
  },
  { given: ['create -f FILES/web.yaml'], run: ['apply -f FILES/web2.yaml', 'get deploy web -o jsonpath={.spec}'] },
  {
    run: [
      'apply --server-side -f FILES/cm.yaml',
      'apply --server-side -f FILES/cm.yaml',
      'apply --server-side --field-manager=other -f FILES/cm2.yaml',
      'apply --server-side --field-manager=other --force-conflicts -f FILES/cm2.yaml',
      'get cm config -o yaml',
      'apply -f FILES/cm.yaml --force-conflicts',
      'apply --server-side --dry-run=client -f FILES/cm.yaml',
    ],
  },
  {
    run: [
      'apply',
      'apply -f FILES/nope.yaml',
      'apply -f FILES/empty.yaml',
      'apply -f FILES/invalid.yaml',
      'apply -f FILES/bad-field.yaml',
      'apply -f FILES/unknown-kind.yaml',
      'apply -f FILES/generate.yaml',
      'apply -f FILES/multi',
      'apply -f FILES/multi',
      'apply -f FILES/pod.yaml',
      'apply -f FILES/pod-immutable.yaml',
      'apply -f x --dry-run=foo',
      'apply -f FILES/cm.yaml foo',
      'apply -f FILES/broken.yaml',
      'apply -f FILES/no-kind.yaml',
    ],
  },
  {
    run: ['apply -f -', 'apply -f -'],
    stdin: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"},"data":{"a":"<b>"}}',
  },
];
