import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readContainerUsage, readNodeUsage } from './node-usage.ts';

const V1 = {
  'cgroup/cpuacct/cpuacct.usage': '2500000000\n',
  'cgroup/memory/memory.usage_in_bytes': '1000\n',
  'cgroup/memory/memory.stat': 'cache 5\ninactive_file 7\ntotal_inactive_file 400\n',
};
const V2 = {
  'cgroup/memory.current': '1000\n',
  'cgroup/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
  'cgroup/memory.stat': 'anon 5\ninactive_file 400\n',
};
const usage = { cpuSeconds: 2.5, memoryUsageBytes: 1000, memoryWorkingSetBytes: 600 };

test.each<{ name: string; files: Record<string, string>; want: object | undefined }>([
  {
    name: 'a container, version 1',
    files: { ...V1, init: '4:memory:/docker/abc\n2:cpuacct:/docker/abc\n' },
    want: usage,
  },
  { name: 'a container, version 2', files: { ...V2, init: '0::/\n' }, want: usage },
  { name: 'a machine, version 1', files: { ...V1, init: '4:memory:/\n1:name=systemd:/init.scope\n' }, want: undefined },
  {
    name: 'a machine, version 2',
    files: { 'cgroup/cpu.stat': 'usage_usec 5\n', init: '0::/init.scope\n' },
    want: undefined,
  },
  { name: 'no cgroups at all', files: {}, want: undefined },
])('the usage of $name', async ({ files, want }) => {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-usage-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    const paths = { cgroups: join(directory, 'cgroup'), init: join(directory, 'init') };
    expect(await readContainerUsage(paths)).toEqual(want);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('every machine has some usage', async () => {
  const { cpuSeconds, memoryWorkingSetBytes } = await readNodeUsage(2 ** 50);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(memoryWorkingSetBytes).toBeGreaterThan(0);
});
