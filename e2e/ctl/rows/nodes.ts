// Nodes: cordon, drain, taint.
import type { Row } from './row.ts';

export const nodeRows: readonly Row[] = [
  {
    run: ['cordon', 'cordon nope', 'drain', 'drain nope', 'taint nodes', 'taint', 'uncordon nope'],
  },
  {
    given: ['create -f FILES/node.yaml'],
    run: [
      'get node NODE',
      'cordon NODE',
      'cordon NODE',
      'get node NODE',
      'uncordon NODE',
      'uncordon NODE',
      'taint node NODE a=b:NoSchedule',
      'taint node NODE a=c:NoSchedule',
      'taint node NODE a=c:NoSchedule --overwrite',
      'taint node NODE a-',
      'taint node NODE a-',
      'taint node NODE a=b:Foo',
      'taint node NODE x',
      'describe node NODE',
      'drain NODE',
      'drain NODE --dry-run=client',
      'label node NODE node-role.kubernetes.io/worker=',
      'get node NODE -o wide',
      'uncordon NODE',
    ],
  },
];
