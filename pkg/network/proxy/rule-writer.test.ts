import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import type { CommandResult } from '../host-command.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { ipv4 } from './address-family.ts';
import { RuleTable } from './rule-table.ts';
import { RuleWriter } from './rule-writer.ts';
import { serviceRules } from './service-rules.ts';

const node = { name: 'here', ips: [] };

/** A kernel that takes what it is given, unless told to refuse. */
function setup() {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const inputs: string[] = [];
  const kernel = { refuse: 0, tableThere: true };
  let endpoints = ['10.244.0.1'];
  let failures = 0;
  const writer = new RuleWriter({
    table: new RuleTable('t', ipv4),
    tableName: 't',
    family: ipv4,
    hooks: {
      masqueradeAll: false,
      bridgeNetfilter: true,
      localhostNodePorts: false,
      loopbackGuard: false,
      nodePortAddresses: [],
    },
    rulesOf: (key) => {
      const name = key.replace('ns/', '');
      const slice = testSlice(
        name,
        endpoints.map((address) => testEndpoint(address)),
      );
      return serviceRules(testService(name), [slice], node, ipv4);
    },
    written: () => undefined,
    failed: () => failures++,
    run: ([, ...args], options): Promise<CommandResult> => {
      if (args[0] === 'list')
        return Promise.resolve(
          kernel.tableThere
            ? { outcome: 'done', output: '' }
            : { outcome: 'failed', exitCode: 1, message: 'No such file' },
        );
      inputs.push(options?.input ?? '');
      if (kernel.refuse === 0) return Promise.resolve({ outcome: 'done', output: '' });
      kernel.refuse--;
      return Promise.resolve({ outcome: 'failed', exitCode: 1, message: 'refused' });
    },
    clock,
    random: () => 0,
    log: silentLogger,
  });
  const running = writer.run(stop.signal);
  return {
    clock,
    writer,
    kernel,
    taken: () => inputs.splice(0),
    failures: () => failures,
    setEndpoints: (addresses: string[]) => (endpoints = addresses),
    end: async () => {
      stop.abort();
      await running;
      expect(clock.pending).toBe(0);
    },
  };
}

test('writes everything at the start, the first change at once, and a burst as one', async () => {
  const { clock, writer, taken, setEndpoints, end } = setup();
  await clock.advance(100);
  expect(taken()).toEqual([expect.stringContaining('delete table ip t')]);

  writer.touch('ns/web');
  await clock.advance(0);
  expect(taken()).toEqual([expect.stringContaining('add chain ip t cluster-ns/web/tcp/p80')]);

  for (let count = 2; count < 10; count++) {
    setEndpoints(Array.from({ length: count }, (_, index) => `10.244.0.${index}`));
    writer.touch('ns/web');
    await clock.advance(1);
  }
  await clock.advance(50);
  const [burst, ...more] = taken();
  expect(more).toEqual([]);
  expect(burst).toContain('mod 9');
  await end();
});

test('writes nothing when a touched Service is as it was', async () => {
  const { clock, writer, taken, end } = setup();
  writer.touch('ns/web');
  await clock.advance(100);
  taken();
  writer.touch('ns/web');
  await clock.advance(100);
  expect(taken()).toEqual([]);
  await end();
});

test('writes everything anew when the kernel refuses a change, and tries again until it takes it', async () => {
  const { clock, writer, kernel, taken, failures, end } = setup();
  await clock.advance(100);
  taken();
  kernel.refuse = 3;
  writer.touch('ns/web');
  await clock.advance(1_000);
  const [change, ...wholes] = taken();
  expect(change).not.toContain('delete table');
  expect(wholes).toHaveLength(3);
  for (const whole of wholes) expect(whole).toMatch(/delete table[^]*cluster-ns\/web/);
  expect(failures()).toBe(2);
  await end();
});

test('writes everything anew when somebody removed the table', async () => {
  const { clock, kernel, taken, end } = setup();
  await clock.advance(100);
  taken();
  kernel.tableThere = false;
  await clock.advance(31_000);
  expect(taken()).toEqual([expect.stringContaining('delete table ip t')]);
  await end();
});
