// Runs the benchmarks one after another and prints one table: what was measured, what is wanted. What each one measures
// stands at the top of its file. `--only NAME` runs one (or several, by giving it again), `--list` names them.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Benchmark, Row } from './benchmark.ts';
import { createsEmbedded, createsEtcd } from './creates.ts';
import { failOver } from './fail-over.ts';
import { idleMemory } from './idle-memory.ts';
import { lists } from './lists.ts';
import { nodeIdle } from './node-idle.ts';
import { podsReady } from './pods-ready.ts';
import { scheduling } from './scheduling.ts';
import { serviceChange } from './service-change.ts';
import { startup } from './startup.ts';
import { renderTable } from './support/table.ts';
import { watches } from './watches.ts';
import { ensureBuilt } from '../hack/ensure-built.ts';

/** Above this the machine is doing something else. */
const QUIET_LOAD = 1;

const benchmarks: readonly Benchmark[] = [
  startup,
  idleMemory,
  createsEmbedded,
  createsEtcd,
  lists,
  watches,
  scheduling,
  podsReady,
  nodeIdle,
  serviceChange,
  failOver,
];

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
});
const unknown = (values.only ?? []).find((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown !== undefined) {
  console.error(`no benchmark "${unknown}"; there are ${benchmarks.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
if (values.list === true) {
  for (const { name } of benchmarks) console.log(name);
  process.exit(0);
}

const [load = 0] = loadavg();
if (load > QUIET_LOAD)
  console.error(`the machine is busy (load ${load.toFixed(1)}): expect figures worse than they should be`);
const rows: Row[] = [];
let failed = 0;
await ensureBuilt((text) => process.stderr.write(`${text}\n`));
for (const benchmark of benchmarks) {
  if (values.only !== undefined && !values.only.includes(benchmark.name)) continue;
  const say = (text: string) => process.stderr.write(`${benchmark.name}: ${text}\n`);
  try {
    rows.push(...(await benchmark.run(say)));
  } catch (error) {
    failed++;
    say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    rows.push({ what: benchmark.name, measured: 'failed', target: '' });
  }
}
console.log(renderTable(rows));
process.exit(failed === 0 ? 0 : 1);
