// The cluster that the machines of these tests join: a control plane of processes on the host, reached at the bridge of the machines.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../pkg/client/client.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { ensureBootstrapObjects } from '../../pkg/cluster/bootstrap-objects.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { projectRoot } from '../support/test-cluster.ts';
import { HOST_ADDRESS, run, type Ran } from './machines.ts';

export interface JoinCluster extends AsyncDisposable {
  readonly server: ApiServerProcess;
  /** `HOST:PORT` as machines reach it. */
  readonly endpoint: string;
  readonly client: Client;
  /** As its administrator. */
  tkctl(...args: string[]): Promise<Ran>;
  /** stdout; throws with everything that was printed when it fails. */
  must(...args: string[]): Promise<string>;
}

export async function createJoinCluster(
  options: { readonly signingDuration?: string; readonly nodeMaskSize?: number } = {},
): Promise<JoinCluster> {
  await using parts = new AsyncDisposableStack();
  const server = parts.use(
    await startApiServer({
      outwards: HOST_ADDRESS,
      extraFlags: ['--enable-bootstrap-token-auth', '--enable-metrics-api=true'],
      controllers: '*,bootstrapsigner,tokencleaner',
      controllerFlags: [
        '--secure-port=0',
        '--allocate-node-cidrs',
        '--cluster-cidr=10.232.0.0/16',
        `--node-cidr-mask-size=${options.nodeMaskSize ?? 24}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        '--cluster-signing-cert-file=DIR/ca.crt',
        '--cluster-signing-key-file=DIR/ca.key',
        ...(options.signingDuration === undefined ? [] : [`--cluster-signing-duration=${options.signingDuration}`]),
      ],
    }),
  );
  const authority = readFileSync(server.caFile, 'utf8');
  const transport = httpsTransport({ server: server.url, ca: authority, token: server.token });
  parts.defer(() => transport.close());
  const client = createClient(transport);
  const endpoint = `${HOST_ADDRESS}:${new URL(server.url).port}`;
  await ensureBootstrapObjects(
    client,
    {
      server: `https://${endpoint}`,
      authority,
      clusterCidr: '10.232.0.0/16',
      serviceCidr: '10.96.0.0/16',
      clusterDns: '10.96.0.10',
      clusterDomain: 'cluster.local',
    },
    AbortSignal.timeout(10_000),
  );
  const tkctl = (...args: string[]) =>
    run(process.execPath, [join(projectRoot, 'dist/tkctl.js'), ...args], {
      ...process.env,
      KUBECONFIG: server.kubeconfig,
    });
  const owned = parts.move();
  return {
    server,
    endpoint,
    client,
    tkctl,
    async must(...args) {
      const { code, stdout, stderr } = await tkctl(...args);
      if (code !== 0) throw new Error(`tkctl ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
