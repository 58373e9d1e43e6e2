// The manifests, editors and the terminal that rows with running containers use: files in the directory of every row.
import { IMAGE } from './live-cluster.ts';

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
