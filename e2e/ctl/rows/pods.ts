// Commands about running pods where nothing runs; with containers they are in live-rows.ts.
import type { Row } from './row.ts';

const POD = 'create -f FILES/pod.yaml';

export const podRows: readonly Row[] = [
  {
    given: [POD],
    run: [
      'logs',
      'logs nope',
      'logs web -c nope',
      'exec web',
      'exec web date',
      'exec nope -- date',
      'events',
      'events --types=foo',
      'events --for pod/web',
    ],
  },
];
