// What the differential test against running containers does with both binaries. `kc` stands for the one under test;
// `given` always runs stock kubectl. Lines are shell lines in a directory that has `files`.
import { IMAGE, NODE } from './live-cluster.ts';

export interface LiveRow {
  readonly name: string;
  readonly given: readonly string[];
  readonly run: readonly string[];
  /** Its lines touch more than their namespace: one binary after the other. */
  readonly alone?: boolean;
}

const talker = `apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talk}}
spec:
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: setup, image: '${IMAGE}', command: [sh, -c, 'echo set up']}
  containers:
  - name: main
    image: '${IMAGE}'
    command: [sh, -c, 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; trap "exit 0" TERM; while :; do sleep 0.1; done']
  - name: side
    image: '${IMAGE}'
    command: [sh, -c, 'echo -n unfinished; trap "exit 0" TERM; while :; do sleep 0.1; done']
`;

const crasher = `apiVersion: v1
kind: Pod
metadata: {name: crasher, labels: {app: talk}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: '${IMAGE}', command: [sh, -c, 'echo attempt; exit 3']}
`;

const once = `apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: '${IMAGE}', command: [sh, -c, 'for i in 1 2 3 4; do echo tick $i; sleep 0.3; done']}
`;

const ended = `apiVersion: v1
kind: Pod
metadata: {name: ended}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: '${IMAGE}', command: [sh, -c, 'echo done; exit 4']}
`;

const pending = `apiVersion: v1
kind: Pod
metadata: {name: pending}
spec:
  nodeSelector: {nowhere: 'yes'}
  containers:
  - {name: main, image: '${IMAGE}'}
`;

const imageless = `apiVersion: v1
kind: Pod
metadata: {name: imageless}
spec:
  containers:
  - {name: main, image: 'tk-ctl-e2e-none:1', imagePullPolicy: Never}
`;

const server = `apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: '${IMAGE}'
    ports: [{name: greets, containerPort: 9000}]
    readinessProbe: {tcpSocket: {port: 9000}, periodSeconds: 1}
    command: [sh, -c, 'nc -ll -p 9001 -e cat & nc -ll -p 9000 -e echo welcome']
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec:
  selector: {app: server}
  ports: [{name: front, port: 80, targetPort: greets}, {name: echo, port: 81, targetPort: 9001}]
`;

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: '${IMAGE}'
        command: [sh, -c, 'echo serving; trap "exit 0" TERM; while :; do sleep 0.1; done']
`;

/** Runs a command on a terminal of 33 rows and 111 columns: types what its standard input says, prints what appears. */
const terminal = `#!/usr/bin/env python3
import fcntl, os, pty, select, struct, sys, termios, time
size = lambda fd, rows, columns: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
    size(0, 33, 111)
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b''
seen = 0
def until(what):
    global shown, seen
    deadline = time.time() + 15
    while what not in shown[seen:] and time.time() < deadline:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                part = os.read(fd, 65536)
            except OSError:
                return
            if not part:
                return
            shown += part
    seen = len(shown)
for line in sys.stdin.read().splitlines():
    verb, _, text = line.partition(' ')
    if verb == 'expect': until(text.encode())
    elif verb == 'type': os.write(fd, text.encode() + b'\\r')
    elif verb == 'key': os.write(fd, bytes([int(text)]))
    elif verb == 'pause': time.sleep(0.5)
    elif verb == 'size':
        size(fd, *map(int, text.split()))
        time.sleep(0.5)
until(b'\\0never')
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown)
sys.exit(code)
`;

export const files: Readonly<Record<string, string>> = {
  'talker.yaml': talker,
  'crasher.yaml': crasher,
  'once.yaml': once,
  'ended.yaml': ended,
  'pending.yaml': pending,
  'imageless.yaml': imageless,
  'server.yaml': server,
  'web.yaml': web,
  'on-terminal': terminal,
  'edit-label': `#!/bin/sh\nsed -i 's/^  name: \\(.*\\)$/  name: \\1\\n  labels: {edited: "yes"}/' "$1"\n`,
  'edit-name': `#!/bin/sh\nsed -i 's/^  name: web$/  name: other/' "$1"\n`,
  'edit-refused': `#!/bin/sh\nsed -i 's/replicas: 2/replicas: -2/' "$1"\n`,
  'edit-nothing': '#!/bin/sh\n',
};

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

/** Inside of a container: waits until its terminal has this size. */
const sized = (size: string) =>
  `for i in $(seq 100); do test \\"\\$(stty size)\\" = \\"${size}\\" && break; sleep 0.1; done; stty size`;

/** What is typed, or waited for, on the terminal of a command. */
const typing = (steps: string, command: string) => `printf '${steps}' | ./on-terminal ${command}`;

/** Forwards `count` ports, runs `client`, interrupts; then what was printed. */
const forwarding = (count: number, ports: string, client: string) =>
  `kc port-forward ${ports} > out 2> err & P=$!; ${until(`test "$(grep -c 'from \\[::1\\]' out)" = ${count}`)}; ${client}; ${until('grep -q Handling out')}; kill -INT $P; wait $P; echo "exit $?"; cat out; cat err >&2`;

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
