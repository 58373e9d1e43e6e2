import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { labelsOf } from './labels.ts';
import { Observer } from './observe.ts';

const NEVER = '0001-01-01T00:00:00Z';
const identity = {
  type: 'container',
  pod: { uid: 'u', name: 'p', namespace: 'ns' },
  container: 'c',
  attempt: 0,
} as const;

/** An engine that has one container, in the state that it is given. `listed`: what its lists call that. */
async function engineWith(
  container: { state: { Running: boolean; StartedAt: string; Error: string } },
  listed = 'created',
  answering: () => Promise<void> = () => Promise.resolve(),
): Promise<Docker> {
  const directory = mkdtempSync(join(tmpdir(), 'tk-observe-'));
  const socketPath = join(directory, 'engine.sock');
  const info = {
    Id: 'c1',
    State: listed,
    Labels: labelsOf(identity, 'n1'),
    Image: 'i',
    NetworkSettings: { Networks: {} },
  };
  const server = createServer((request, response) => {
    const details = {
      Created: '2026-01-01T00:00:00Z',
      Image: 'sha256:1',
      State: { ...container.state, FinishedAt: NEVER, ExitCode: 127, OOMKilled: false },
      HostConfig: {},
    };
    response.setHeader('Content-Type', 'application/json');
    const isList = request.url?.startsWith('/containers/json') === true;
    const text = JSON.stringify(isList ? [info] : details);
    if (isList) response.end(text);
    else void answering().then(() => response.end(text));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  return new Docker({ socketPath });
}

test('a container that was seen before its start failed is seen as ended after it', async () => {
  const container = { state: { Running: false, StartedAt: NEVER, Error: '' } };
  const observer = new Observer(await engineWith(container), 'n1', 'net');
  const seen = async () => (await observer.pod('u'))?.containers.map(({ state, exitCode }) => ({ state, exitCode }));
  expect(await seen()).toMatchObject([{ state: 'created' }]);
  container.state.Error = 'exec: "/none": no such file or directory';
  expect(await seen()).toEqual([{ state: 'exited', exitCode: 128 }]);
});

test('a container that ends while it is asked for is not remembered as running', async () => {
  const container = { state: { Running: true, StartedAt: '2026-01-01T00:00:00Z', Error: '' } };
  const asked = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const engine = await engineWith(container, 'running', () => {
    asked.resolve();
    return told.promise;
  });
  const observer = new Observer(engine, 'n1', 'net');
  const first = observer.pod('u');
  await asked.promise;
  observer.hasDied('c1');
  container.state.Running = false;
  told.resolve();
  await first;
  expect((await observer.pod('u'))?.containers).toMatchObject([{ state: 'exited' }]);
});
