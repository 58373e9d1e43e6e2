// `rollout` and `wait` where no controller runs; with controllers they are in live-rows.ts.
import type { Row } from './row.ts';

const POD = 'create -f FILES/pod.yaml';
const WEB = 'create -f FILES/web.yaml';

export const rolloutRows: readonly Row[] = [
  {
    given: [WEB],
    run: [
      'rollout status deploy/web --watch=false',
      'rollout history deploy/web',
      'rollout undo deploy/web',
      'rollout pause deploy/web',
      'rollout pause deploy/web',
      'rollout undo deploy/web',
      'rollout restart deploy/web',
      'rollout resume deploy/web',
      'rollout resume deploy/web',
      'rollout restart deploy/web',
      'rollout status',
      'rollout status svc/web',
      'rollout history svc/web',
      'rollout undo svc/web',
      'rollout pause svc/web',
      'rollout restart svc/web',
      'rollout history deploy/web --revision=3',
      'rollout foo',
      'rollout status deploy/nope',
      'rollout undo deploy/web --to-revision=9',
    ],
  },
  {
    given: [POD],
    run: [
      'wait pod/web --for=condition=Ready --timeout=1s',
      'wait pod/web',
      'wait pod/web --for=foo',
      'wait pod/nope --for=condition=Ready --timeout=1s',
      'wait pod/nope --for=delete --timeout=1s',
      "wait pod/web --for=jsonpath='{.metadata.name}'=web",
      "wait pod/web --for=jsonpath='{.status.phase}'=Running --timeout=1s",
      'wait pods -l a=b --for=condition=Ready --timeout=1s',
      'wait pod/web --for=delete --timeout=1s',
      'wait pod/web --for=create --timeout=1s',
      'wait',
      "wait pod/web --for=jsonpath='{.metadata.name}'",
      'wait pods --all --for=condition=PodScheduled=False --timeout=1s',
    ],
  },
];
