// The one address of a cluster with several API servers. Flags and wiring only.
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { realClock } from '../../pkg/clock/clock.ts';
import { runBalancer } from '../../pkg/cluster/load-balancer/balancer.ts';
import { readinessProbe } from '../../pkg/cluster/load-balancer/readiness-probe.ts';
import { runProgram, UsageError } from '../program.ts';

await runProgram({
  name: 'typekube-load-balancer',
  summary: 'Spreads TCP connections over API servers that are ready.',
  flags: [
    new Option('--bind-address <ip>', 'address to listen on').default('0.0.0.0'),
    new Option('--port <port>', 'port to listen on').default('6443'),
    new Option('--backends <addresses>', 'HOST:PORT of the API servers, separated by commas').makeOptionMandatory(),
    new Option('--ca-file <file>', 'who signs the certificates of the API servers').makeOptionMandatory(),
  ],
  async run(flags, { log, signal }) {
    const port = Number(flags['port']);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new UsageError(`--port ${String(flags['port'])} is no port`);
    }
    const backends = String(flags['backends']).split(',');
    const wrong = backends.find((backend) => !/^[^:]+:\d{1,5}$/.test(backend));
    if (wrong !== undefined) throw new UsageError(`--backends: "${wrong}" is not HOST:PORT`);
    using probe = readinessProbe(await authorityOf(String(flags['caFile'])));
    const listen = { host: String(flags['bindAddress']), port };
    await runBalancer(
      { listen, backends, probe: (backend, until) => probe.isReady(backend, until), clock: realClock, log },
      signal,
    );
  },
});

async function authorityOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--ca-file: cannot read ${file}`, { cause });
  }
}
