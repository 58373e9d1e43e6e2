// `certificate`: certificate signing requests and what is decided about them.
import type { Row } from './row.ts';

export const certificateRows: readonly Row[] = [
  {
    given: ['create -f FILES/csr.yaml'],
    run: [
      'certificate approve',
      'certificate approve nope',
      'certificate approve -f FILES/csr.yaml',
      'certificate approve NODE',
      'certificate deny NODE',
      'certificate approve NODE --force',
      'certificate approve NODE -o name',
      'get csr NODE',
      'get csr NODE -o jsonpath={.status.conditions[*].reason}',
    ],
  },
];
