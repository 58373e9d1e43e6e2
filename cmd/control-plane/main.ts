// The control plane of a node in one process: API server, scheduler and controller manager, each as its own flags say. The two
// call the API server of this process directly, as the users that they are in a kubeadm cluster.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import { directTransport } from '../../pkg/apiserver/direct-transport.ts';
import type { ApiServer } from '../../pkg/apiserver/server.ts';
import { LeadershipLostError } from '../../pkg/client/leader-election.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { COMPONENT_USERS, type Component } from '../../pkg/cluster/cluster-certificates.ts';
import { parseControlPlaneRecord } from '../../pkg/cluster/control-plane-record.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { MetricsPages } from '../../pkg/metrics/metrics-pages.ts';
import * as apiServer from '../apiserver/start.ts';
import { flags as apiServerFlags, parseFlags } from '../apiserver/flags.ts';
import type { Connect } from '../connection.ts';
import * as controllerManager from '../controller-manager/run.ts';
import { flagValues, runProgram, UsageError } from '../program.ts';
import * as scheduler from '../scheduler/run.ts';

await runProgram({
  name: 'typekube-control-plane',
  summary: 'API server, scheduler and controller manager in one process; kept running by the supervisor of a node.',
  flags: [new Option('--directory <path>', 'where control-plane.json lies').makeOptionMandatory()],
  async run(flags, { log, signal }) {
    const record = await readRecord(join(String(flags['directory']), 'control-plane.json'));
    const settings = parseFlags(
      flagValues({ name: apiServer.NAME, summary: apiServer.SUMMARY, flags: apiServerFlags }, record.apiServer),
    );
    const components = [
      { user: 'scheduler', program: scheduler, values: valuesFor(scheduler, record.scheduler) },
      {
        user: 'controller-manager',
        program: controllerManager,
        values: valuesFor(controllerManager, record.controllerManager),
      },
    ] as const;
    const pages = new MetricsPages();
    await using server = await apiServer.startApiServer(settings, log.with({ part: 'apiserver' }), pages);
    // One part that fails ends the process, so that its supervisor starts a whole one.
    const failed = new AbortController();
    const until = AbortSignal.any([signal, failed.signal]);
    await Promise.all(
      components.map(async ({ user, program, values }) => {
        const context = { connect: connectAs(server.api, user), log: log.with({ part: user }), pages };
        try {
          await untilStopped(() => program.runFromFlags(values, context, until), context.log, until);
        } catch (error) {
          failed.abort(error);
          throw error;
        }
      }),
    );
  },
});

/** Who loses the lead stands by again: the API server of the same process has done nothing wrong. */
async function untilStopped(run: () => Promise<void>, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof LeadershipLostError)) throw error;
      log.warn('lost the lead and stands by', { error });
    }
  }
}

function valuesFor(
  program: { NAME: string; SUMMARY: string; FLAGS: readonly Option[] },
  args: readonly string[],
): Readonly<Record<string, unknown>> {
  return flagValues({ name: program.NAME, summary: program.SUMMARY, flags: program.FLAGS }, args);
}

function connectAs(server: ApiServer, component: Component): Connect {
  const { name, groups } = COMPONENT_USERS[component];
  const user = { name, groups: [...groups, 'system:authenticated'] };
  return (_kubeconfig, userAgent) => {
    const transport = directTransport(server, user, { userAgent });
    return Promise.resolve({ client: createClient(transport), [Symbol.asyncDispose]: () => transport.close() });
  };
}

async function readRecord(path: string) {
  try {
    return parseControlPlaneRecord(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${path} does not say how to run a control plane`, { cause });
  }
}
