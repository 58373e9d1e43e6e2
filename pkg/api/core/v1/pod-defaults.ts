// Defaults of pods and pod templates. What the two share is in defaultPodSpec; a Pod itself also gets requests from limits,
// host ports and service links. Source: pkg/apis/core/v1/defaults.go of Kubernetes.
import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from '../../schema/generated/core.v1.gen.ts';
import type { ObjectMeta } from '../../schema/generated/meta.v1.gen.ts';
import { pullsAlways } from './image-reference.ts';
import { aggregateContainers, canonicaliseResourceList, isHugePages, mayOvercommit } from './resource-amounts.ts';

type AnyContainer = Container | EphemeralContainer;

export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] };
  pod.status ??= {};
  const { spec } = pod;
  defaultPodSpec(spec);
  for (const container of spec.containers) requestsFromLimits(container);
  for (const container of spec.initContainers ?? []) requestsFromLimits(container);
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork === true) {
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
    }
  }
  canonicaliseStatus(pod);
  syncPodIps(pod);
}

/** A template's metadata holds labels and annotations only, so nothing of it is ever required. */
export function defaultPodTemplate(template: PodTemplateSpec): void {
  template.metadata ??= {} as ObjectMeta; // See above.
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
}

export function defaultPodSpec(spec: PodSpec): void {
  spec.containers ??= [];
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.restartPolicy ??= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ??= 'default-scheduler';
  syncServiceAccount(spec);
  canonicaliseResourceList(spec.overhead);
  canonicaliseResourceList(spec.resources?.limits);
  canonicaliseResourceList(spec.resources?.requests);
  for (const container of spec.containers) defaultContainer(container);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are always written. */
function syncServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function defaultContainer(container: AnyContainer): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= pullsAlways(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  canonicaliseResourceList(container.resources.limits);
  canonicaliseResourceList(container.resources.requests);
  for (const port of container.ports ?? []) port.protocol ??= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ??= 'v1';
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ??= '0';
    if (valueFrom?.fileKeyRef !== undefined) valueFrom.fileKeyRef.optional ??= false;
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
}

function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return;
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  defaultHttpGet(handler?.httpGet);
}

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (action === undefined) return;
  action.path ??= '/';
  action.scheme ??= 'HTTP';
}

const DEFAULT_MODE = 0o644;

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((field) => field === 'name')) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= DEFAULT_MODE;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= DEFAULT_MODE;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= DEFAULT_MODE;
    defaultDownwardFiles(volume.downwardAPI.items);
  }
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= DEFAULT_MODE;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
      defaultDownwardFiles(source.downwardAPI?.items);
    }
  }
  if (volume.image !== undefined) {
    volume.image.pullPolicy ??= pullsAlways(volume.image.reference ?? '') ? 'Always' : 'IfNotPresent';
  }
  defaultPluginVolume(volume);
}

function defaultDownwardFiles(items: NonNullable<Volume['downwardAPI']>['items']): void {
  for (const item of items ?? []) {
    if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= 'v1';
    if (item.resourceFieldRef !== undefined) item.resourceFieldRef.divisor ??= '0';
  }
}

function defaultPluginVolume({ iscsi, rbd, azureDisk, scaleIO, ephemeral }: Volume): void {
  if (iscsi !== undefined) iscsi.iscsiInterface ??= 'default';
  if (rbd !== undefined) {
    rbd.pool ??= 'rbd';
    rbd.user ??= 'admin';
    rbd.keyring ??= '/etc/ceph/keyring';
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ??= 'ThinProvisioned';
    scaleIO.fsType ??= 'xfs';
  }
  const template = ephemeral?.volumeClaimTemplate;
  if (template === undefined) return;
  template.metadata ??= {} as ObjectMeta; // Like a pod template's: labels and annotations only.
  template.spec ??= {};
  template.spec.volumeMode ??= 'Filesystem';
  template.spec.resources ??= {};
  canonicaliseResourceList(template.spec.resources.requests);
  canonicaliseResourceList(template.spec.resources.limits);
}

function requestsFromLimits({ resources }: Container): void {
  if (resources?.limits === undefined) return;
  const requests = (resources.requests ??= {});
  for (const name in resources.limits) requests[name] ??= resources.limits[name] ?? '0';
}

/** When the pod has resources of its own, what it leaves out comes from the containers' sums and from its limits. */
function defaultPodLevelResources({ resources, containers, initContainers = [] }: PodSpec): void {
  if (resources === undefined) return;
  const given = Object.keys(resources.limits ?? {}).length + Object.keys(resources.requests ?? {}).length > 0;
  if (!given) return;
  const limits = { ...resources.limits };
  for (const [name, amount] of Object.entries(aggregateContainers(containers, initContainers, 'limits'))) {
    if (isHugePages(name) && resources.requests?.[name] === undefined) limits[name] ??= amount;
  }
  if (Object.keys(limits).length === 0) return;
  resources.limits = limits;
  const requests = { ...resources.requests };
  for (const [name, amount] of Object.entries(aggregateContainers(containers, initContainers, 'requests'))) {
    if (isPodLevel(name) && mayOvercommit(name)) requests[name] ??= amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (isPodLevel(name)) requests[name] ??= amount;
  resources.requests = requests;
}

function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

function canonicaliseStatus({ status }: Pod): void {
  for (const container of status.containerStatuses ?? []) {
    canonicaliseResourceList(container.allocatedResources);
    canonicaliseResourceList(container.resources?.limits);
    canonicaliseResourceList(container.resources?.requests);
  }
}

/** Two ways of naming the pod's addresses, kept the same; the older one counts. */
function syncPodIps({ status }: Pod): void {
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }];
  else if (first !== undefined) status.podIP = first;
}
