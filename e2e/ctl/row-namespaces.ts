// The namespaces that rows run in, made by our own client: a process of kubectl for each would cost more than the rows' own commands.
import { namespaces, serviceAccounts } from '../../pkg/api/resources.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';

export interface RowNamespaces extends AsyncDisposable {
  /** With its default account, which it gets from a controller; none runs here. */
  make(name: string): Promise<void>;
  /** Does not wait for its end. */
  remove(name: string): Promise<void>;
}

/** `kubeconfig`: a path. */
export async function rowNamespaces(kubeconfig: string): Promise<RowNamespaces> {
  const { transport } = await connectCluster({ path: kubeconfig, env: {}, home: '' });
  const client = createClient(transport);
  return {
    async make(name) {
      const [namespace, account] = [{ name }, { namespace: name, name: 'default' }];
      await client.resource(namespaces).create({ apiVersion: 'v1', kind: 'Namespace', metadata: namespace, spec: {} });
      await client.resource(serviceAccounts).create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    },
    remove: (name) => client.resource(namespaces).delete({ name }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}
