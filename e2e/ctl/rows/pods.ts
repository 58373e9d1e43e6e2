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
      'debug',
      'debug web',
      'debug web --image=A_b',
      'debug web --copy-to=q',
      'debug web --image=b --env=A',
      'debug nope --image=b',
      'debug web --image=b -c d1 --profile=general --env=A=b,c --target=nginx -- sh -c x',
      'debug web --image=b -c d2 --profile=restricted',
      'debug web --copy-to=q --image=b -c d3 --profile=sysadmin --share-processes',
      'get pods -o jsonpath={.items[*].spec.ephemeralContainers}{.items[*].spec.containers}',
      'events',
      'events --types=foo',
      'events --for pod/web',
    ],
  },
];
