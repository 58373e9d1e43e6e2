// What the differential test against running containers does with both binaries. `kc` stands for the one under test;
// `given` always runs stock kubectl. Lines are shell lines in a directory that has the files of live-files.ts.
import { IMAGE, NODE } from './live-cluster.ts';

export interface LiveRow {
  readonly name: string;
  readonly given: readonly string[];
  readonly run: readonly string[];
  /** Its lines touch more than their namespace: one binary after the other. */
  readonly alone?: boolean;
}

/** Repeats a line until it succeeds; the limit of the line bounds it. */
const until = (line: string) => `until ${line}; do sleep 0.2; done`;

// A container is ready before its program has printed anything.
const TALKER = [
  'kc create -f talker.yaml',
  'kc wait --for=condition=Ready pod/talker --timeout=30s',
  until('kc logs talker -c main | grep -q "line 12"'),
];
const WEB = [
  'kc create -f web.yaml',
  'kc rollout status deploy/web --timeout=30s',
  until('test "$(kc logs -l app=web | grep -c serving)" = 2'),
];

/** Inside of a container: waits until its terminal has this size. A terminal without a size is a fault to stty. */
const sized = (size: string) => `until stty size 2>&1 | grep -q '${size}'; do sleep 0.1; done; stty size`;

/** What is typed, or waited for, on the terminal of a command. */
const typing = (steps: string, command: string) => `printf '${steps}' | ./on-terminal ${command}`;

/** Forwards `count` ports, runs `client`, interrupts; then what was printed. */
const forwarding = (count: number, ports: string, client: string) =>
  `: > out; kc port-forward ${ports} > out 2> err & P=$!; ${until(`test "$(grep -c 'from \\[::1\\]' out)" = ${count}`)}; ${client}; ${until('grep -q Handling out')}; kill -INT $P; wait $P; echo "exit $?"; cat out; cat err >&2`;

/** What `top` prints, whatever is used. */
const usage = (command: string) => `${command} | sed -E "s/[0-9]+(m|Mi|%) */N /g; s/ +/ /g"`;

export const liveRows: readonly LiveRow[] = [
  {
    name: 'logs',
    given: TALKER,
    run: [
      'kc logs talker',
      'kc logs talker -c main --tail=3',
      'kc logs talker main --tail=0',
      'kc logs talker -c side',
      'kc logs talker -c setup',
      'kc logs talker -c nope',
      // kubectl asks for the containers in the random order of a Go map.
      'kc logs talker --all-containers --prefix | sort',
      'kc logs -l app=talk --all-containers --prefix --tail=2 | sort',
      'kc logs -l app=nope',
      'kc logs talker --since=1h --timestamps --tail=1',
      'kc logs talker --since-time=2999-01-01T00:00:00Z',
      'kc logs talker --since-time=yesterday',
      'kc logs talker --limit-bytes=9',
      'kc logs talker -c main --previous',
      'kc logs none',
      'kc logs pod/talker --all-pods --tail=1',
    ],
  },
  {
    name: 'exec',
    given: TALKER,
    run: [
      'kc exec talker -- echo hello',
      'kc exec talker -c side -- sh -c "echo out; echo err >&2; exit 3"',
      'kc exec talker -c nope -- true',
      'kc exec talker -c setup -- true',
      'kc exec talker -c main -- none',
      'head -c 300000 /dev/zero | kc exec -i talker -c main -- wc -c',
      'kc exec -i talker -c main -- cat < /dev/null',
      'kc exec talker -c main -- head -c 300000 /dev/zero | wc -c',
      'printf "x\\n" | kc exec -it talker -c main -- cat',
      'kc exec -t talker -c main -- echo tty',
      'kc exec talker -c main -- sh -c "kill -9 \\$\\$"',
      typing(
        'expect 33 111\\nsize 40 90\\ntype go\\n',
        `kc exec -it talker -c main -- sh -c "${sized('33 111')}; read x; ${sized('40 90')}; tty; exit 4"`,
      ),
      typing(
        'expect ready\\nkey 3\\n',
        `kc exec -it talker -c main -- sh -c "trap 'echo caught; exit 2' INT; echo ready; sleep 5; exit 1"`,
      ),
      typing('', 'kc exec talker -c main -- tty'),
      'kc attach talker -c nope',
      'kc attach none',
    ],
  },
  {
    name: 'cp',
    given: [
      ...TALKER,
      'mkdir -p d/e d/empty && echo one > d/f && head -c 3000000 /dev/zero > d/e/big && ln -s f d/link && : > d/zero',
    ],
    // From a container kubectl shows what tar has to say or not, as it happens.
    run: [
      'kc cp',
      'kc cp a b',
      'kc cp a:b c:d',
      'kc cp :a b',
      'kc cp talker: y',
      'kc cp nofile talker:/tmp/x',
      'kc cp d/f none:/tmp/x',
      'kc cp d/f talker:/tmp/f',
      'kc cp d talker:/tmp -c main',
      'kc exec talker -c main -- sh -c "cat /tmp/f; cd /tmp/d && find . | sort && wc -c e/big && readlink link"',
      'kc cp d/f talker:/nodir/sub/x -c main',
      'kc cp d/f talker:/tmp/g -c nope',
      'kc cp --no-preserve d/f talker:/tmp/h -c main',
      'kc cp talker:/tmp/f . -c main > /dev/null',
      'kc cp talker:/tmp/f deep/x -c main > /dev/null; cat deep/x',
      'kc cp talker:/tmp/d back -c main > /dev/null; find back | sort; cmp d/e/big back/e/big',
      'kc cp --retries=2 talker:/tmp/d/e more -c main > /dev/null; cmp d/e/big more/big',
    ],
  },
  {
    name: 'top',
    given: [...TALKER, until('kc top pod talker && kc top node')],
    run: [
      usage('kc top pod talker'),
      usage('kc top pod --containers --no-headers'),
      usage('kc top pod -l app=talk --sort-by=cpu --sum'),
      usage(`kc top node ${NODE}`),
      'kc top pod none',
      'kc top pod -l app=none',
      'kc top node none',
      'kc top pod --sort-by=disk',
    ],
  },
  {
    name: 'run',
    given: [],
    run: [
      `echo hello | kc run a --image=${IMAGE} -i --rm --restart=Never -- cat`,
      `kc run b --image=${IMAGE} --attach --rm --restart=Never -- sh -c "sleep 4; echo out; echo err >&2; exit 5"`,
      `kc run c --image=${IMAGE} --attach --rm --restart=Never -- /none`,
      typing('expect enter.\\npause\\ntype mark\\n', `kc run d --image=${IMAGE} -it -- sh -c "read x; echo got \\$x"`),
      'kc delete pod d --now',
    ],
  },
  {
    name: 'troubles',
    given: [
      'kc create -f crasher.yaml -f ended.yaml -f pending.yaml -f imageless.yaml -f once.yaml',
      "kc wait --for=jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}'=3 pod/crasher --timeout=30s",
      "kc wait --for=jsonpath='{.status.phase}'=Failed pod/ended --timeout=30s",
      'kc wait --for=jsonpath=\'{.status.conditions[?(@.type=="PodScheduled")].reason}\'=Unschedulable pod/pending --timeout=30s',
      "kc wait --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ErrImageNeverPull pod/imageless --timeout=30s",
      until('test "$(kc describe pod imageless | grep -c "kubelet  *spec.containers{main}: ")" = 2'),
    ],
    run: [
      'kc logs crasher --previous',
      'kc logs pending',
      'kc logs imageless',
      'kc logs -f once',
      'kc exec ended -- true',
      'kc exec pending -- true',
      'kc exec imageless -- true',
      'kc describe pod ended | sed "/^Events/,\\$d"',
      'kc describe pod pending',
      'kc describe pod imageless | grep -c "kubelet  *spec.containers{main}: "',
      'kc wait --for=jsonpath={.status.phase}=Failed pod/ended --timeout=5s',
      'kc wait --for=condition=Ready pod/pending --timeout=1s',
      'kc delete pod crasher ended pending imageless once --now',
    ],
  },
  {
    name: 'rollout',
    given: WEB,
    run: [
      'kc logs deploy/web',
      'kc exec deploy/web -- echo hi',
      'kc set env deploy/web A=1',
      'kc rollout status deploy/web --timeout=20s | tail -n 1',
      'kc rollout undo deploy/web',
      'kc rollout status deploy/web --timeout=20s | tail -n 1',
      'kc wait --for=condition=Available deploy/web --timeout=30s',
      'EDITOR=$PWD/edit-label kc edit deploy web',
      'EDITOR=$PWD/edit-nothing kc edit deploy web',
      'EDITOR=$PWD/edit-name kc edit deploy web',
      'EDITOR=$PWD/edit-refused kc edit deploy web',
      'kc scale deploy/web --replicas=0',
      // How many are still there is a matter of time.
      'kc wait --for=delete pod -l app=web --timeout=20s > gone 2>&1; kc get pods -l app=web',
    ],
  },
];

/** They take ports or close the node for others: one after the other, and after all others. */
export const lonelyRows: readonly LiveRow[] = [
  {
    name: 'port-forward',
    alone: true,
    given: ['kc create -f server.yaml -f pending.yaml', 'kc wait --for=condition=Ready pod/server --timeout=30s'],
    run: [
      forwarding(1, 'server 17231:9000', 'busybox nc 127.0.0.1 17231 < /dev/null'),
      forwarding(2, 'svc/server 17231:front 17232:81', 'echo said | busybox nc -w 3 127.0.0.1 17232'),
      'kc port-forward server',
      'kc port-forward svc/server 82',
      'kc port-forward server nope',
      'kc port-forward pending 17231:80',
      'kc port-forward none 80',
      'kc delete pod/server pod/pending svc/server --now',
    ],
  },
  {
    name: 'drain',
    alone: true,
    given: [...WEB, 'kc create -f ended.yaml -f talker.yaml'],
    run: [
      `kc drain ${NODE} --pod-selector=app=talk --timeout=20s`,
      `kc drain ${NODE} --pod-selector=app=web --dry-run=server`,
      `kc drain ${NODE} --pod-selector=app=web --timeout=20s`,
      `kc uncordon ${NODE}`,
      'kc delete deploy/web pod/talker --now --wait=false',
    ],
  },
];
