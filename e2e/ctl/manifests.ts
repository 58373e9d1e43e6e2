// The manifests that the differential test's rows name.
import { kindManifests } from './manifests-kinds.ts';

export const manifests: Readonly<Record<string, string>> = {
  ...kindManifests,
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: nginx
    image: nginx
    ports: [{containerPort: 80, name: http}]
  terminationGracePeriodSeconds: 0
`,
  'pod-immutable.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: other
    image: nginx
`,
  'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:1
        ports: [{containerPort: 80}]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
---
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 80}]
`,
  'web2.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:2
        env: [{name: B, value: "3"}, {name: C, value: "4"}]
      - name: side
        image: busybox
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 80}, {name: more, port: 81}]
`,
  'rbac.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NODE, labels: {a: b}}
rules:
- {apiGroups: ["", apps], resources: [pods], resourceNames: [a, b], verbs: [get, list]}
- {nonResourceURLs: [/x/*], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NODE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NODE}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}
- {kind: ServiceAccount, name: default, namespace: x}
`,
  'rbac2.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NODE, labels: {c: d}}
rules:
- {apiGroups: ["", apps], resources: [pods], resourceNames: [a, b], verbs: [get, watch]}
- {nonResourceURLs: [/x/y], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NODE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NODE}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: joe}
- {kind: ServiceAccount, name: default, namespace: x}
`,
  'cm.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data:
  a: b
  long: |
    some
    lines
`,
  'cm2.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data:
  a: c
`,
  'multi/a.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: multi-a}
`,
  'multi/b.json': `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "multi-b"}}]}`,
  'multi/deep/c.yml': `apiVersion: v1
kind: Secret
metadata: {name: multi-c}
stringData: {x: y}
`,
  'multi/readme.txt': 'not a manifest',
  'unknown-kind.yaml': `apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
`,
  'bad-field.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: bad-field}
dataa: {a: b}
`,
  'invalid.yaml': `apiVersion: v1
kind: Pod
metadata: {name: Bad_Name}
spec: {containers: []}
`,
  'other-ns.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: elsewhere, namespace: kube-public}
`,
  'generate.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {generateName: gen-}
`,
  'empty.yaml': '',
  'nodocs.yaml': '---\n# nothing\n---\n',
  'broken.yaml': 'a: b\n c: d\n',
  'no-kind.yaml': 'apiVersion: v1\nmetadata: {name: x}\n',
  'columns.txt': 'NAME CONTAINER\nmetadata.name spec.containers[0].name\n',
  'template.txt': '{.metadata.name}={.data.a}',
  'rich-pod.yaml': `apiVersion: v1
kind: Pod
metadata:
  name: rich
  annotations: {note: short, multi: "a\\nb"}
spec:
  nodeSelector: {disk: ssd}
  serviceAccountName: default
  priority: 0
  tolerations:
  - {key: a, operator: Equal, value: b, effect: NoSchedule}
  - {operator: Exists}
  initContainers:
  - name: init
    image: busybox
    command: [sh, -c, "echo hi\\nexit 0"]
  containers:
  - name: main
    image: nginx
    args: [--x, --y]
    ports: [{containerPort: 80, name: http}, {containerPort: 443}]
    resources: {limits: {cpu: 500m, memory: 64Mi}, requests: {cpu: 100m}}
    livenessProbe: {httpGet: {path: /live, port: http}, periodSeconds: 5}
    readinessProbe: {exec: {command: [cat, /ready]}, initialDelaySeconds: 3}
    startupProbe: {tcpSocket: {port: 80}}
    envFrom: [{configMapRef: {name: c}}, {prefix: P_, secretRef: {name: s, optional: true}}]
    env:
    - {name: PLAIN, value: x}
    - {name: LINES, value: "a\\nb"}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}
    - {name: MAP, valueFrom: {configMapKeyRef: {name: c, key: k, optional: true}}}
    volumeMounts:
    - {name: tmp, mountPath: /tmp}
    - {name: host, mountPath: /host, readOnly: true, subPath: sub}
  volumes:
  - {name: tmp, emptyDir: {}}
  - {name: mem, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: host, hostPath: {path: /etc}}
  - {name: cm, configMap: {name: c, optional: true}}
  - {name: sec, secret: {secretName: s}}
  - {name: down, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
`,
  'rs.yaml': `apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: set}
spec:
  replicas: 2
  selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: c, image: busybox}]}
`,
  'prune1.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: stays, labels: {set: p}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: goes, labels: {set: p}}
---
apiVersion: v1
kind: Secret
metadata: {name: goes, labels: {set: p}}
`,
  'prune2.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: stays, labels: {set: p}}
`,
  'plugin.sh': `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"administrator-of-this-test"}}'
`,
  'csr.yaml': `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: NODE}
spec:
  request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITE1IUUNBUUF3RWpFUU1BNEdBMVVFQXd3SGMyOXRaVzl1WlRCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OQpBd0VIQTBJQUJFdkRpc3lnUWkwZHRwNGZBcUlKNFlNbWVrWDJWSWg2ZDFZU1JjaEkwMS92NWwxalhydkZMM2kxCjBIY0xYSTBNS2N6TnFjMHR5MFBmaHowbkVJRW92K3FnQURBS0JnZ3Foa2pPUFFRREFnTkhBREJFQWlBQmdtcysKdUVGZjRJS2owdW1SSitUR01DOURIajZYRUcrblp3VHFsd2owcUFJZ0VLOXRjY1hYNlRFbFU4Z2xHWE1QL1lXNQptd21uaE11SnBhV2NaeWJUbUw0PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
`,
  'node.yaml': `apiVersion: v1
kind: Node
metadata:
  name: NODE
  labels: {kubernetes.io/hostname: NODE}
`,
};
