// `delete` in its forms.
import type { Row } from './row.ts';

const POD = 'create -f FILES/pod.yaml';
const WEB = 'create -f FILES/web.yaml';

export const deleteRows: readonly Row[] = [
  {
    given: [POD, WEB, 'create -f FILES/cm.yaml'],
    run: [
      'delete cm config',
      'delete cm config',
      'delete cm config --ignore-not-found',
      'delete pod web --now',
      'delete pod nope',
      'delete -f FILES/web.yaml',
      'delete -f FILES/web.yaml',
      'delete -f FILES/web.yaml --ignore-not-found',
      'delete',
      'delete pods',
      'delete pods --all',
      'delete cm -l x=y',
      'delete pod/a svc',
      'delete foo bar',
      'delete deploy web --cascade=foo',
      'delete cm kube-root-ca.crt -o foo',
    ],
  },
  {
    given: [POD, WEB],
    run: [
      'delete pod/web svc/web',
      'delete pod web --force --grace-period=0',
      'delete deploy --all',
      'delete pod --all --dry-run=client',
      'delete deploy,svc -l app=web',
    ],
  },
  {
    given: [POD],
    run: [
      'delete pod web --dry-run=client',
      'delete pod web --dry-run=server',
      'delete pod web --force --grace-period=0',
      'delete pod web --force --grace-period=5',
      'delete pods -l app=web -o name',
    ],
  },
];
