// Publishes the cluster's certificate authority to every namespace, as ConfigMap `kube-root-ca.crt`: pods mount it to know
// the API server. Whoever changes or deletes it finds it restored.
import { isApiError } from '../../api/meta/status.ts';
import { configMaps, namespaces } from '../../api/resources.ts';
import type { ConfigMap } from '../../api/schema/generated/core.v1.gen.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** `rootCa`: PEM. */
export function rootCaPublisher(
  context: ControllerContext,
  options: { readonly workers: number; readonly rootCa: string },
): Controller {
  const name = 'root-ca-certificate-publisher-controller';
  const queue = controllerQueue(context, 'root_ca_cert_publisher');
  const mapClient = context.client.resource(configMaps);
  const namespaceInformer = context.informers.of(namespaces);
  const mapInformer = context.informers.of(configMaps);
  const onMap = ({ metadata }: ConfigMap) => {
    if (metadata.name === NAME) queue.add(metadata.namespace ?? '');
  };
  namespaceInformer.on({
    added: ({ metadata }) => queue.add(metadata.name),
    changed: ({ metadata }) => queue.add(metadata.name),
  });
  mapInformer.on({ changed: onMap, deleted: onMap });

  async function sync(namespace: string, signal: AbortSignal): Promise<void> {
    const found = namespaceInformer.store.get(namespace);
    if (found === undefined || found.status?.phase !== 'Active' || found.metadata.deletionTimestamp !== undefined)
      return;
    const known = mapInformer.store.get({ namespace, name: NAME });
    const data = { 'ca.crt': options.rootCa };
    try {
      if (known === undefined) {
        const metadata = { namespace, name: NAME, annotations: DESCRIPTION };
        await mapClient.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, {}, signal);
      } else if (!isPublished(known, options.rootCa)) {
        const metadata = { ...known.metadata, annotations: { ...known.metadata.annotations, ...DESCRIPTION } };
        await mapClient.update({ ...known, metadata, data }, {}, signal);
      }
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists') && !isApiError(error, 'NotFound') && !isNamespaceTerminating(error))
        throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}

function isPublished(map: ConfigMap, rootCa: string): boolean {
  const data = Object.entries(map.data ?? {});
  const described = Object.entries(DESCRIPTION).every(([name, text]) => map.metadata.annotations?.[name] === text);
  return described && data.length === 1 && data[0]?.[0] === 'ca.crt' && data[0][1] === rootCa;
}
