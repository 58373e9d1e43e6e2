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

/** An engine that has one container, in the state that it is given. */
async function engineWith(container: {
  state: { Running: boolean; StartedAt: string; Error: string };
}): Promise<Docker> {
  const directory = mkdtempSync(join(tmpdir(), 'tk-observe-'));
  const socketPath = join(directory, 'engine.sock');
  const info = {
    Id: 'c1',
    State: 'created',
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
    response.end(JSON.stringify(request.url?.startsWith('/containers/json') === true ? [info] : details));
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
