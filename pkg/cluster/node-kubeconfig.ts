// The kubeconfig of a node that has a client certificate: the cluster as it was found, and the file that always leads to the newest
// certificate. Laid out like kubeadm's.
import { NODE_USER_PREFIX } from '../api/certificates/v1/signers.ts';
import type { ClusterEntry } from '../client/kubeconfig.ts';
import { renderKubeconfig } from './kubeconfig-entry.ts';

/** `certificateFile`: holds the key too. */
export function nodeKubeconfig(cluster: ClusterEntry, nodeName: string, certificateFile: string): string {
  const user = NODE_USER_PREFIX + nodeName;
  return renderKubeconfig({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default-cluster', cluster }],
    users: [{ name: user, user: { 'client-certificate': certificateFile, 'client-key': certificateFile } }],
    contexts: [{ name: 'default-context', context: { cluster: 'default-cluster', user } }],
    'current-context': 'default-context',
  });
}
