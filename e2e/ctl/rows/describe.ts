// `describe` of objects nobody acts on.
import type { Row } from './row.ts';

const POD = 'create -f FILES/pod.yaml';
const WEB = 'create -f FILES/web.yaml';

export const describeRows: readonly Row[] = [
  {
    given: [POD, WEB, 'create -f FILES/cm.yaml', 'create secret generic s --from-literal=a=b'],
    run: [
      'describe pod web',
      'describe deploy web',
      'describe svc web',
      'describe cm config',
      'describe secret s',
      'describe sa default',
      'describe pods',
      'describe pod nope',
      'describe pod we',
      'describe',
      'describe foo',
      'describe pod/web svc/web',
      'describe ns default',
      'describe pods -l a=b',
      'describe ep kubernetes -n default',
      'describe endpointslices -n default',
      'describe lease -n kube-system',
      'describe svc kubernetes -n default',
    ],
  },
  {
    given: ['create -f FILES/rich-pod.yaml', 'create -f FILES/rs.yaml'],
    run: ['describe pod rich', 'describe rs set', 'get pod rich -o wide', 'get rs -o wide', 'get pods rich -o yaml'],
  },
  {
    given: ['create -f FILES/kinds.yaml', 'create -f FILES/cluster-kinds.yaml'],
    run: [
      'describe -f FILES/kinds.yaml --show-events=false',
      'describe -f FILES/cluster-kinds.yaml',
      'describe pod/user cm/nums sa/sa netpol/np pvc/claim',
      'describe hpa.v1.autoscaling/hpa2',
      'get cm nums -o json',
      'get cm nums -o yaml',
      'get cm nums -o jsonpath={.data}',
      'get cm nums -o custom-columns=A:.data,B:.metadata.labels',
      'get cm nums --show-labels',
      'delete -f FILES/cluster-kinds.yaml --wait=false',
    ],
  },
];
