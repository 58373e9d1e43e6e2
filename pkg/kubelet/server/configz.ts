// /configz: what a kubelet runs with, as KubeletConfiguration says it, as far as it means something here. Pure.
import { formatGoDuration } from '../../api/meta/duration.ts';
import { DEFAULT_HEARTBEAT } from '../node/heartbeat.ts';
import { DEFAULT_THRESHOLDS } from '../eviction/thresholds.ts';
import type { KubeletOptions } from '../kubelet.ts';
import { KUBELET_KEPT } from './callers.ts';

export function kubeletConfigz(options: KubeletOptions & { readonly maxPods: number }): object {
  const { serving, heartbeat = DEFAULT_HEARTBEAT, evictionPressureTransitionMs: transitionMs = 300_000 } = options;
  return {
    kubeletconfig: {
      enableServer: serving !== undefined,
      address: serving?.host,
      port: serving?.port,
      authentication: {
        x509: {},
        webhook: { enabled: serving?.webhookTokens ?? true, cacheTTL: formatGoDuration(KUBELET_KEPT.identity) },
        anonymous: { enabled: false },
      },
      authorization: {
        mode: serving?.authorization ?? 'Webhook',
        webhook: {
          cacheAuthorizedTTL: formatGoDuration(KUBELET_KEPT.allowed),
          cacheUnauthorizedTTL: formatGoDuration(KUBELET_KEPT.denied),
        },
      },
      clusterDomain: options.clusterDomain,
      clusterDNS: options.clusterDns,
      nodeStatusUpdateFrequency: formatGoDuration(heartbeat.statusUpdateMs),
      nodeStatusReportFrequency: formatGoDuration(heartbeat.statusReportMs),
      nodeLeaseDurationSeconds: heartbeat.leaseSeconds,
      maxPods: options.maxPods,
      podCIDR: options.podCidr,
      evictionHard: options.evictionHard ?? DEFAULT_THRESHOLDS,
      evictionPressureTransitionPeriod: formatGoDuration(transitionMs),
      registerWithTaints: options.taints,
      registerNode: true,
      kind: 'KubeletConfiguration',
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
    },
  };
}
