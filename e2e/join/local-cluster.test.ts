// A cluster that one machine made for itself, in either layout, takes another machine in: pods of both reach each other and their Services.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import { projectRoot } from '../support/test-cluster.ts';
import { eventually, Machines, type Machine } from './machines.ts';

const owned = new AsyncDisposableStack();
let near: Machine;
let far: Machine;

beforeAll(async () => {
  await ensureBuilt(() => undefined);
  const machines = owned.use(await Machines.create());
  [near, far] = [await machines.add('near'), await machines.add('far')];
  const hello = join(projectRoot, 'manifests/examples/hello');
  await Promise.all([near, far].map(({ engine }) => ensureSampleImage(hello, () => undefined, engine)));
});
afterAll(() => owned.disposeAsync());

async function must(machine: Machine, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.tkctl(...args);
  if (code !== 0) throw new Error(`tkctl ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
  return stdout;
}

describe.each([
  ['one process', []],
  ['a process per component', ['--separate-processes']],
])('a cluster of %s', (_, layout) => {
  test('takes another machine in', async () => {
    await must(near, 'cluster', 'create', 'home', ...layout);
    const command = (await must(near, 'token', 'create')).trim().split(' ').slice(1);
    expect(command[1]).toMatch(new RegExp(`^${near.address.replaceAll('.', '\\.')}:\\d+$`));
    await must(far, ...command, '--directory', far.directory, '--node-name', 'far');

    await must(near, 'create', 'deployment', 'hello', `--image=${SAMPLE_IMAGE}`, '--replicas=2');
    const spread = [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'hello' } },
      },
    ];
    const patch = {
      spec: {
        template: { spec: { topologySpreadConstraints: spread } },
        strategy: { type: 'Recreate', rollingUpdate: null },
      },
    };
    await must(near, 'patch', 'deployment', 'hello', `--patch=${JSON.stringify(patch)}`);
    await must(near, 'expose', 'deployment', 'hello', '--port=80', '--target-port=8080');
    await must(near, 'rollout', 'status', 'deployment', 'hello', '--timeout=60s');
    const pods = (
      await must(
        near,
        'get',
        'pods',
        '-o',
        'jsonpath={range .items[*]}{.spec.nodeName} {.metadata.name} {.status.podIP}{"\\n"}{end}',
      )
    )
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(new Set(pods.map(([node]) => node)).size).toBe(2);
    for (const machine of [near, far]) {
      for (const [, name, address] of pods)
        expect(await machine.read(`http://${address}:8080/`)).toBe(`Hello from ${name}`);
      const service = await must(near, 'get', 'service', 'hello', '-o', 'jsonpath={.spec.clusterIP}');
      const answers = new Set<string>();
      for (let tries = 0; answers.size < 2 && tries < 100; tries++)
        answers.add(await machine.read(`http://${service}/`));
      expect(answers).toEqual(new Set(pods.map(([, name]) => `Hello from ${name}`)));
    }

    const onFar = pods.find(([node]) => node === 'far')?.[1] ?? '';
    const echo = ['exec', onFar, '--', '/bin/busybox', 'echo', 'from far'];
    expect(await eventually(() => near.tkctl(...echo))).toMatchObject({ code: 0, stdout: 'from far\n' });
    await must(far, 'leave', '--directory', far.directory);
    await must(near, 'cluster', 'delete', 'home');
  });
});
