// Lists and maps of networking.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  HTTPIngressRuleValue: 'paths:atomic',
  IPBlock: 'except:atomic',
  IngressLoadBalancerIngress: 'ports:atomic',
  IngressLoadBalancerStatus: 'ingress:atomic',
  IngressSpec: 'rules,tls:atomic',
  IngressTLS: 'hosts:atomic',
  NetworkPolicyEgressRule: 'ports,to:atomic',
  NetworkPolicyIngressRule: 'from,ports:atomic',
  NetworkPolicySpec: 'egress,ingress,policyTypes:atomic',
  ServiceBackendPort: '*:atomicMap',
  ServiceCIDRSpec: 'cidrs:atomic',
  ServiceCIDRStatus: 'conditions:merge(type)',
};
