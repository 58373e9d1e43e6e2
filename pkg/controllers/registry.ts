// Every controller there is, by Kubernetes' name, with what it is built from. run.ts starts those that are asked for.
import { bootstrapSignerController } from './bootstrap-signer/controller.ts';
import { csrApprovingController } from './csr-approving/controller.ts';
import { csrCleanerController } from './csr-cleaner/controller.ts';
import { csrSigningController, type SigningOptions } from './csr-signing/controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { disruptionController } from './disruption/controller.ts';
import { endpointsController } from './endpoints/controller.ts';
import { endpointSliceController } from './endpointslice/controller.ts';
import { endpointSliceMirroringController } from './endpointslice/mirror-controller.ts';
import { garbageCollector } from './garbage-collector/controller.ts';
import { namespaceController } from './namespace/controller.ts';
import { nodeIpamController, type NodeIpamOptions } from './node-ipam/controller.ts';
import { nodeLifecycleController, type NodeLifecycleOptions } from './node-lifecycle/controller.ts';
import { podGarbageCollector } from './pod-gc/controller.ts';
import { pvProtectionController } from './pv-protection/controller.ts';
import { pvcProtectionController } from './pvc-protection/controller.ts';
import { replicaSetController } from './replicaset/controller.ts';
import { rootCaPublisher } from './root-ca/controller.ts';
import type { AddressPool } from './service-lb/address-pool.ts';
import { serviceLoadBalancerController } from './service-lb/controller.ts';
import { serviceAccountController } from './serviceaccount/controller.ts';
import { taintEvictionController } from './taint-eviction/controller.ts';
import { tokenCleanerController } from './token-cleaner/controller.ts';
import type { Controller, ControllerContext } from './context.ts';
import type { ControllerNames } from './selection.ts';

export interface ControllerOptions {
  readonly concurrentDeploymentSyncs: number;
  readonly concurrentReplicaSetSyncs: number;
  readonly concurrentNamespaceSyncs: number;
  readonly concurrentGcSyncs: number;
  readonly concurrentServiceAccountSyncs: number;
  readonly concurrentEndpointSyncs: number;
  readonly concurrentServiceEndpointSyncs: number;
  readonly nodeLifecycle: NodeLifecycleOptions;
  /** PEM of the cluster's authority; undefined: it is not published. */
  readonly rootCa: string | undefined;
  /** The authority that signs certificate requests; undefined: none are signed. */
  readonly signing: SigningOptions | undefined;
  /** How pod addresses are given to nodes; undefined: others do it (`--allocate-node-cidrs=false`). */
  readonly nodeIpam: NodeIpamOptions | undefined;
  /** Finished pods beyond this number are deleted, oldest first; 0: none are. */
  readonly terminatedPodGcThreshold: number;
  /** Addresses for Services of type LoadBalancer; undefined: somebody else gives them. */
  readonly loadBalancerPool: AddressPool | undefined;
}

/** The defaults of kube-controller-manager's flags. */
export const DEFAULT_OPTIONS: ControllerOptions = {
  concurrentDeploymentSyncs: 5,
  concurrentReplicaSetSyncs: 5,
  concurrentNamespaceSyncs: 10,
  concurrentGcSyncs: 20,
  concurrentServiceAccountSyncs: 1,
  concurrentEndpointSyncs: 5,
  concurrentServiceEndpointSyncs: 5,
  nodeLifecycle: {
    monitorPeriodMs: 5000,
    graceMs: 50_000,
    startupGraceMs: 60_000,
    evictionRates: { normal: 0.1, degraded: 0.01, largeZone: 50, unhealthyShare: 0.55 },
  },
  rootCa: undefined,
  signing: undefined,
  nodeIpam: undefined,
  terminatedPodGcThreshold: 12_500,
  loadBalancerPool: undefined,
};

export interface RegisteredController extends ControllerNames {
  /** Undefined: its options leave it nothing to do. */
  build(context: ControllerContext, options: ControllerOptions): Controller | undefined;
}

export const CONTROLLERS: readonly RegisteredController[] = [
  {
    name: 'deployment-controller',
    aliases: ['deployment'],
    build: (context, options) => deploymentController(context, { workers: options.concurrentDeploymentSyncs }),
  },
  {
    name: 'replicaset-controller',
    aliases: ['replicaset'],
    build: (context, options) => replicaSetController(context, { workers: options.concurrentReplicaSetSyncs }),
  },
  {
    name: 'namespace-controller',
    aliases: ['namespace'],
    build: (context, options) => namespaceController(context, { workers: options.concurrentNamespaceSyncs }),
  },
  {
    name: 'garbage-collector-controller',
    aliases: ['garbagecollector'],
    build: (context, options) => garbageCollector(context, { workers: options.concurrentGcSyncs }),
  },
  {
    name: 'serviceaccount-controller',
    aliases: ['serviceaccount'],
    build: (context, options) => serviceAccountController(context, { workers: options.concurrentServiceAccountSyncs }),
  },
  {
    name: 'root-ca-certificate-publisher-controller',
    aliases: ['root-ca-cert-publisher'],
    build: (context, { rootCa }) =>
      rootCa === undefined ? undefined : rootCaPublisher(context, { workers: 1, rootCa }),
  },
  {
    name: 'pod-garbage-collector-controller',
    aliases: ['podgc'],
    build: (context, options) => podGarbageCollector(context, { finishedThreshold: options.terminatedPodGcThreshold }),
  },
  {
    name: 'endpoints-controller',
    aliases: ['endpoint'],
    build: (context, options) => endpointsController(context, { workers: options.concurrentEndpointSyncs }),
  },
  {
    name: 'endpointslice-controller',
    aliases: ['endpointslice'],
    build: (context, options) => endpointSliceController(context, { workers: options.concurrentServiceEndpointSyncs }),
  },
  {
    name: 'endpointslice-mirroring-controller',
    aliases: ['endpointslicemirroring'],
    build: (context, options) =>
      endpointSliceMirroringController(context, { workers: options.concurrentServiceEndpointSyncs }),
  },
  {
    name: 'service-lb-controller',
    aliases: ['service'],
    build: (context, { loadBalancerPool }) =>
      loadBalancerPool === undefined ? undefined : serviceLoadBalancerController(context, loadBalancerPool),
  },
  {
    name: 'node-lifecycle-controller',
    aliases: ['nodelifecycle'],
    build: (context, options) => nodeLifecycleController(context, options.nodeLifecycle),
  },
  {
    name: 'taint-eviction-controller',
    aliases: [],
    build: (context) => taintEvictionController(context, { workers: 8 }),
  },
  {
    name: 'persistentvolumeclaim-protection-controller',
    aliases: ['pvc-protection'],
    build: (context) => pvcProtectionController(context, { workers: 1 }),
  },
  {
    name: 'persistentvolume-protection-controller',
    aliases: ['pv-protection'],
    build: (context) => pvProtectionController(context, { workers: 1 }),
  },
  {
    name: 'disruption-controller',
    aliases: ['disruption'],
    build: (context) => disruptionController(context, { workers: 1 }),
  },
  {
    name: 'node-ipam-controller',
    aliases: ['nodeipam'],
    build: (context, { nodeIpam }) => (nodeIpam === undefined ? undefined : nodeIpamController(context, nodeIpam)),
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    aliases: ['csrapproving'],
    build: (context) => csrApprovingController(context, { workers: 1 }),
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    aliases: ['csrsigning'],
    build: (context, { signing }) =>
      signing === undefined ? undefined : csrSigningController(context, { ...signing, workers: 5 }),
  },
  {
    name: 'certificatesigningrequest-cleaner-controller',
    aliases: ['csrcleaner'],
    build: (context) => csrCleanerController(context),
  },
  {
    name: 'bootstrap-signer-controller',
    aliases: ['bootstrapsigner'],
    onlyByName: true,
    build: (context) => bootstrapSignerController(context),
  },
  {
    name: 'token-cleaner-controller',
    aliases: ['tokencleaner'],
    onlyByName: true,
    build: (context) => tokenCleanerController(context),
  },
];
