// One object or more of every kind that kubectl describes in words of its own, for the differential test's rows; names of
// cluster-scoped ones hold NODE, which differs between the two sides.

export const kindManifests: Readonly<Record<string, string>> = {
  'kinds.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim, labels: {a: b}, annotations: {x: yy}}
spec: {accessModes: [ReadWriteOnce, ReadOnlyMany], resources: {requests: {storage: 1Gi}}, storageClassName: fast, dataSource: {kind: PersistentVolumeClaim, name: other}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: bound}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, volumeName: pv-x}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  serviceAccountName: default
  automountServiceAccountToken: false
  securityContext: {seccompProfile: {type: Localhost, localhostProfile: x.json}}
  topologySpreadConstraints:
  - {topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}
  - {topologyKey: host, maxSkew: 2, whenUnsatisfiable: ScheduleAnyway}
  containers:
  - name: c
    image: i
    command: ["sh", "-c", "a\\nb"]
    securityContext: {seccompProfile: {type: RuntimeDefault}}
    ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP, hostPort: 53}]
    env:
    - {name: A, value: "x\\ny"}
    - {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: C, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
    - {name: D, valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: 1m}}}
    - {name: E, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}
    - {name: F, valueFrom: {configMapKeyRef: {name: s, key: k}}}
    - {name: G, valueFrom: {fieldRef: {fieldPath: "metadata.labels['a']"}}}
    envFrom: [{configMapRef: {name: x}}, {secretRef: {name: yy, optional: true}, prefix: P_}]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}}
    livenessProbe: {httpGet: {path: /x, port: http}}
    readinessProbe: {tcpSocket: {port: 80}}
    startupProbe: {grpc: {port: 9}, periodSeconds: 3}
    lifecycle: {preStop: {exec: {command: [x]}}}
    volumeMounts:
    - {name: v1, mountPath: /b}
    - {name: v2, mountPath: /a, readOnly: true, subPath: q}
    volumeDevices: [{name: v3, devicePath: /dev/x}]
  volumes:
  - {name: v1, persistentVolumeClaim: {claimName: claim}}
  - {name: v2, hostPath: {path: /x, type: Directory}}
  - {name: v3, persistentVolumeClaim: {claimName: claim, readOnly: true}}
  - {name: v4, emptyDir: {sizeLimit: 1Gi, medium: Memory}}
  - {name: v5, emptyDir: {}}
  - {name: v6, nfs: {server: s, path: /p}}
  - {name: v7, csi: {driver: d, volumeAttributes: {a: b, c: d}}}
  - {name: v8, csi: {driver: d}}
  - {name: v9, iscsi: {targetPortal: 1.2.3.4, iqn: "iqn.2001-04.com.example:x", lun: 1}}
  - {name: v10, downwardAPI: {items: [{path: x, fieldRef: {fieldPath: metadata.name}}, {path: yy, resourceFieldRef: {containerName: c, resource: limits.cpu}}]}}
  - {name: v11, projected: {sources: [{secret: {name: s}}, {configMap: {name: c, optional: true}}, {downwardAPI: {items: [{path: x, fieldRef: {fieldPath: metadata.name}}]}}, {serviceAccountToken: {path: t}}]}}
  - {name: v12, ephemeral: {volumeClaimTemplate: {metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}
  - {name: v13, fc: {targetWWNs: [a, b], lun: 1}}
  - {name: v14, rbd: {monitors: [a, b], image: i}}
  - {name: v15, cephfs: {monitors: [a, b], secretRef: {name: x}}}
  - {name: v16, azureFile: {secretName: a, shareName: b}}
  - {name: v17, flexVolume: {driver: a/b, options: {x: yy}}}
  - {name: v18, image: {reference: foo}}
  - {name: v19, gitRepo: {repository: foo}}
  - {name: v20, hostPath: {path: /x}}
  - {name: v21, configMap: {name: x, items: [{key: a, path: b}]}}
  - {name: v22, secret: {secretName: x, optional: true}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec:
  limits:
  - {type: Container, max: {cpu: 1}}
  - {type: Pod, min: {memory: 1Mi}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: 10}, scopes: [BestEffort]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota2}
spec: {hard: {cpu: 10, memory: 1Gi}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing, annotations: {nk: v}, labels: {l: m}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.b, c.d], secretName: sec}, {hosts: [e.f]}]
  rules:
  - host: a.b
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}, {path: /x, pathType: Exact, backend: {service: {name: gone, port: {name: http}}}}]}
  - http: {paths: [{path: /r, pathType: Prefix, backend: {resource: {apiGroup: x.y, kind: Bucket, name: b}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing2}
spec: {defaultBackend: {service: {name: web, port: {name: http}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np}
spec:
  podSelector: {matchLabels: {a: b}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {x: yy}}}, {namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}}, {podSelector: {}, namespaceSelector: {matchExpressions: [{key: k, operator: In, values: [b, a]}]}}]
    ports: [{port: 80}, {port: http, protocol: UDP}, {port: 1000, endPort: 2000}, {protocol: TCP}]
  - {}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np2}
spec: {podSelector: {}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 5
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
  - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 100Mi}}}
  - {type: Pods, pods: {metric: {name: p}, target: {type: AverageValue, averageValue: 1k}}}
  - {type: Object, object: {metric: {name: o}, describedObject: {kind: Service, name: s, apiVersion: v1}, target: {type: Value, value: 5}}}
  - {type: Object, object: {metric: {name: o}, describedObject: {kind: Service, name: s, apiVersion: v1}, target: {type: AverageValue, averageValue: 5}}}
  - {type: External, external: {metric: {name: e}, target: {type: Value, value: 5}}}
  - {type: External, external: {metric: {name: e}, target: {type: AverageValue, averageValue: 5}}}
  - {type: ContainerResource, containerResource: {name: cpu, container: c, target: {type: Utilization, averageUtilization: 50}}}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 100, periodSeconds: 15}]}
    scaleDown: {selectPolicy: Min, policies: [{type: Pods, value: 1, periodSeconds: 15}, {type: Percent, value: 10, periodSeconds: 1}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hpa2}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 5}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron}
spec:
  schedule: "*/5 * * * *"
  startingDeadlineSeconds: 10
  jobTemplate: {spec: {activeDeadlineSeconds: 5, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron2}
spec:
  schedule: "*/5 * * * *"
  suspend: true
  jobTemplate: {spec: {parallelism: 2, completions: 3, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {completions: 3, completionMode: Indexed, ttlSecondsAfterFinished: 5, activeDeadlineSeconds: 7, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb}
spec: {minAvailable: 50%, selector: {matchLabels: {a: b}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb2}
spec: {maxUnavailable: 1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role, labels: {a: b}}
rules:
- {apiGroups: ["", apps], resources: [pods, deployments/scale], verbs: [get, list]}
- {apiGroups: [""], resources: [pods], verbs: [watch], resourceNames: [a, b]}
- {apiGroups: [""], resources: [pods], verbs: [delete]}
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb, labels: {a: b}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: role}
subjects: [{kind: User, name: u, apiGroup: rbac.authorization.k8s.io}, {kind: ServiceAccount, name: default, namespace: x}]
---
apiVersion: v1
kind: ReplicationController
metadata: {name: rc}
spec: {replicas: 2, selector: {a: b}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: sts}
spec:
  serviceName: x
  selector: {matchLabels: {a: c}}
  template: {metadata: {labels: {a: c}}, spec: {containers: [{name: c, image: i}], initContainers: [{name: d, image: i}], priorityClassName: foo, nodeSelector: {x: yy}, tolerations: [{operator: Exists}, {key: b, operator: Exists, effect: NoSchedule}, {key: a, value: v, effect: NoExecute, tolerationSeconds: 3}]}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}
  volumeClaimTemplates: [{metadata: {name: d, labels: {x: yy}}, spec: {accessModes: [ReadWriteOnce], storageClassName: s, resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ds}
spec: {selector: {matchExpressions: [{key: a, operator: In, values: [z, d]}]}, template: {metadata: {labels: {a: d}}, spec: {containers: [{name: c, image: i}], nodeSelector: {x: yy, b: c}}}}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lease}
spec: {holderIdentity: me, leaseDurationSeconds: 10, renewTime: "2020-01-01T00:00:00.123456Z"}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: pt}
template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, env: [{name: A, value: "x\\ny"}]}]}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa}
imagePullSecrets: [{name: gone}, {name: sec}]
secrets: [{name: sec}, {name: gone2}]
---
apiVersion: v1
kind: Secret
metadata: {name: sec}
data: {a: "YWJj"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {"10": "x\\ny"}
binaryData: {bin: "AAEC"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: nums, annotations: {"1": "a", "10": "b", "2": "c", "long": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "multi": "a\\nb"}, labels: {"1": "a", "10": "b", "2": "c"}}
data: {"1": "a", "10": "b", "2": "c", "esc": "\\e[31mred\\e[0m", "html": "<a>&</a>", "uni": "\\u2028\\U0001F600é"}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: dns, port: 53, protocol: UDP, targetPort: dns}], type: LoadBalancer, externalIPs: [1.2.3.4], sessionAffinity: ClientIP, loadBalancerSourceRanges: [10.0.0.0/8], externalTrafficPolicy: Local, trafficDistribution: PreferClose}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}]
endpoints: [{addresses: [10.1.1.1]}, {addresses: [10.1.1.2], conditions: {ready: false}}, {addresses: [10.1.1.3], hostname: h, nodeName: nn, zone: z, targetRef: {kind: Pod, name: p}}, {addresses: [10.1.1.4]}, {addresses: [10.1.1.5]}]
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {a: b}}
---
apiVersion: v1
kind: Service
metadata: {name: ext}
spec: {type: ExternalName, externalName: foo.bar}
---
apiVersion: v1
kind: Endpoints
metadata: {name: eps}
subsets: [{addresses: [{ip: 1.2.3.4}], notReadyAddresses: [{ip: 1.2.3.5}], ports: [{port: 80}]}]
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {name: cr}
revision: 3
data: {foo: {bar: [1, 2.5, true, null, {a: b}], fooBar-baz: x, HTTPServer: yy, x_y: z, nothing: null}}
`,
  'cluster-kinds.yaml': `apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-NODE, finalizers: [a.b/c]}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}, claimRef: {namespace: nn, name: c}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: k, operator: In, values: [a, b]}, {key: z, operator: Exists}]}, {matchFields: [{key: metadata.name, operator: In, values: [x]}]}]}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv2-NODE}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany, ReadOnlyMany], csi: {driver: d, volumeHandle: h, volumeAttributes: {a: b, c: d}}, storageClassName: s, persistentVolumeReclaimPolicy: Delete}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv3-NODE}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], nfs: {server: s, path: /p}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv4-NODE}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], local: {path: /p}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: k, operator: In, values: [a]}]}]}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv5-NODE}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], rbd: {monitors: [a], image: i, secretRef: {name: s, namespace: nn}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv6-NODE}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], azureFile: {secretName: a, shareName: b}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: sc-NODE, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: x.y/z
parameters: {b: c, a: d}
allowVolumeExpansion: true
mountOptions: [ro, soft]
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, b]}, {key: yy, values: [c]}]}]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: sc2-NODE}
provisioner: x.y/z
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: vac-NODE}
driverName: x
parameters: {a: b}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: NODE-csi}
spec: {drivers: [{name: d, nodeID: nn, allocatable: {count: 3}, topologyKeys: [a, b]}]}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: drv-NODE}
spec: {attachRequired: false}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: ic-NODE}
spec: {controller: x.y/z, parameters: {kind: K, name: nn, apiGroup: g.h}}
---
apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: {name: cidr-NODE}
spec: {cidrs: [10.50.0.0/16]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: pc-NODE}
value: 1000
description: foo bar
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cr-NODE}
rules:
- {nonResourceURLs: [/a, /b], verbs: [get, post]}
- {apiGroups: [b.c], resources: [x], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb-NODE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cr-NODE}
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: csr-NODE, labels: {a: b}}
spec: {request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJRE56Q0NBaDhDQVFBd2daNHhDekFKQmdOVkJBWVRBa1JGTVE4d0RRWURWUVFJREFaQ1pYSnNhVzR4RGpBTQpCZ05WQkFjTUJVMXBkSFJsTVEwd0N3WURWUVFLREFSdmNtY3hNUTB3Q3dZRFZRUUtEQVJ2Y21jeU1RMHdDd1lEClZRUUxEQVIxYm1sME1SSXdFQVlEVlFRSkRBbE5ZV2x1SUZOMElERXhEakFNQmdOVkJCRU1CVEV3TVRFMU1Rc3cKQ1FZRFZRUUZFd0kzTnpFUU1BNEdBMVVFQXd3SGMyOXRaVzl1WlRDQ0FTSXdEUVlKS29aSWh2Y05BUUVCQlFBRApnZ0VQQURDQ0FRb0NnZ0VCQUlzajlwcFM5OFpNRlo0NGsxT0xWcEtEcWZPZjl6VURNM2Izd3RuRGNZTTJSZlVmCjd0NG05WWorZmxWZTZKY0Q3clZYMGdSaGM2cVRqTFcya0s3S0F2K3RhZWNLS0U4YThqMjlFaTk5bVVtbHJuejcKN2RlR1NiTnVXVmMwc1NmRFNIeHl6bVoyVWNvOHJOM1JtSjlTK25YdXgvM1lDNEVibTlEUHVndnRzeEkxOTMzVAowNmlhR0tWZU8yUEdvRHVVS1JzNUpYM0RZaTBkc1RCME5McWE1V2VCQXNaYlZLVmYzM3NEb1F5V0J1SmkrNm1pCnJXai9IMEFCVW82SnEyaDByUlpVa2VZMGg4UnRML3J0TXBoNEprMW0wemsxcmJqL29WUzJtNE5pdnRQVlc1bzQKYnZDYXU2S01EZ1lyejdpYWxmQ05Gdi90Ty9RK2RUdWJUV3RWeDhFQ0F3RUFBYUJUTUZFR0NTcUdTSWIzRFFFSgpEakZFTUVJd1FBWURWUjBSQkRrd040SURZUzVpZ2dOakxtU0hCQUVDQXdTSEVBQUFBQUFBQUFBQUFBQUFBQUFBCkFBR0JCWGhBZVM1NmhneHpjR2xtWm1VNkx5OWhMMkl3RFFZSktvWklodmNOQVFFTEJRQURnZ0VCQUMzZkl5SFUKSDlyTmJnUnJPVGxrc0pYdlljVlRuRXJFNFlLdlZVaG1BdG83V0VlbGMzYmhmVVNNSDVKaHdHbDZWcExwZ3QwOApwZUd5b1oyNW1JU041N1NIV1BzU3FYeVQva2R5dmkyaFI3Y1JXazNsd2VFbzVhTUlxNFp2WkEwbUZTTm5UcXY4Cm93amlKYUJIZHdhWHZxdWtuZ1krM25aZzdOeGZqRU9kZnd6VjlmSzhYUmczRjVWK0h1MXNMdFJiNTZ0bUp1b20KSy9STDZKYXFPQmh1UDdWUE1nVFFES3lXcWdQdTVBZm4wZW9DMXZ2c0k2Y3hzdEZRcURWY0pUQVAvYXBRbFhZUgo5djh5aG5ZSmRPNng2MUxsb2hjSURRcUl0NmVEQzNZNDhEZTkrRGFMTGg4dU0rcFVoUUFkeWFkVllnK3F3dU9BCktQb1ZuNlVpV0JYaVcxZz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==, signerName: example.com/foo, usages: [client auth], expirationSeconds: 86400}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: rc-NODE}
handler: x
`,
};
