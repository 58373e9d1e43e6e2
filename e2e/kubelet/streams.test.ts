// Logs, exec, attach and port-forward through the API server, as clients see them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pods } from '../../pkg/api/resources.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { missing, startNode, type TestNode } from './node.ts';
import { engineId, ready, RUN, sh } from './specs.ts';

const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why !== undefined) return;
  node = await startNode();
  await node.create('talks', {
    containers: [
      sh(
        `for i in 1 2 3; do echo line $i; done; echo oops >&2; mkdir /www; echo web > /www/index.html; httpd -p 127.0.0.1:8081 -h /www; httpd -p 8080 -h /www; ${RUN}`,
      ),
    ],
  });
  await node.create('restarts', { containers: [sh('echo attempt; exit 1')] });
  await node.create('listens', { containers: [sh('cat', { stdin: true, stdinOnce: true })], restartPolicy: 'Never' });
  await Promise.all([node.until('talks', ready), node.until('listens', ready)]);
  await node.until('restarts', ({ status }) => (status.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
}, 60_000);

afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: unknown;
}

async function connect(path: string, input: readonly string[] = [], resize?: string): Promise<Outcome> {
  const connection = await node.transport.connect(path, AbortSignal.timeout(20_000));
  if (resize !== undefined) connection.send({ channel: 4, data: Buffer.from(resize) });
  for (const text of input) connection.send({ channel: 0, data: Buffer.from(text) });
  if (input.length > 0) connection.closeChannel(0);
  const out = ['', '', '', ''];
  for await (const { channel, data } of connection.messages) out[channel] += Buffer.from(data).toString();
  return { stdout: out[1] ?? '', stderr: out[2] ?? '', status: out[3] === '' ? undefined : JSON.parse(out[3] ?? '') };
}

const exec = (pod: string, command: readonly string[], flags: string) =>
  `/api/v1/namespaces/default/pods/${pod}/exec?container=main&${flags}&${command.map((part) => `command=${encodeURIComponent(part)}`).join('&')}`;

describe.skipIf(why !== undefined)('logs', () => {
  test('come whole, in part, and with times', async () => {
    expect((await node.logs('talks')).split('\n').sort()).toEqual(['', 'line 1', 'line 2', 'line 3', 'oops']);
    expect(await node.logs('talks', '?tailLines=1')).toMatch(/^(line 3|oops)\n$/);
    expect(await node.logs('talks', '?limitBytes=4')).toMatch(/^(line|oops)$/);
    expect(await node.logs('talks', '?timestamps=true')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (line|oops)/);
    expect(await node.logs('talks', `?sinceTime=${encodeURIComponent('2999-01-01T00:00:00Z')}`)).toBe('');
  });

  test('of the attempt before are kept', async () => {
    expect(await node.logs('restarts', '?previous=true')).toBe('attempt\n');
    await expect(node.logs('talks', '?previous=true')).rejects.toThrow(
      'previous terminated container "main" in pod "talks" not found',
    );
  });

  test('are cut where they would fill the disk, and their end is there', async () => {
    const script = `yes ${'x'.repeat(999)} | head -n 70000; echo the end; sleep 1000`;
    await node.create('talks-a-lot', { containers: [sh(script)] });
    const pod = await node.until('talks-a-lot', ready);
    const lastLine = () => node.logs('talks-a-lot', '?tailLines=1');
    await vi.waitFor(async () => expect(await lastLine()).toBe('the end\n'), { timeout: 60_000, interval: 200 });
    const { LogPath: path } = await node.docker.getContainer(engineId(pod)).inspect();
    const files = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
    const bytes = files.reduce((sum, name) => sum + statSync(join(dirname(path), name)).size, 0);
    expect(files.length).toBeLessThanOrEqual(5);
    expect(bytes).toBeLessThan(52 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(20 * 1024 * 1024);
    await node.client.resource(pods).delete({ namespace: 'default', name: 'talks-a-lot' });
  });

  test('are followed', async () => {
    const path = '/api/v1/namespaces/default/pods/talks/log?follow=true&tailLines=0';
    const stop = new AbortController();
    const chunks = await node.transport.stream({ method: 'GET', path }, stop.signal);
    const first = (async () => {
      for await (const chunk of chunks) return Buffer.from(chunk).toString();
      return '';
    })();
    await connect(exec('talks', ['sh', '-c', 'echo later > /proc/1/fd/1'], 'stdout=true'));
    expect(await first).toBe('later\n');
    stop.abort();
  });
});

describe.skipIf(why !== undefined)('exec', () => {
  test('gives output, errors and the exit code', async () => {
    const outcome = await connect(
      exec('talks', ['sh', '-c', 'echo out; echo err >&2; exit 3'], 'stdout=true&stderr=true'),
    );
    expect(outcome).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
      status: {
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      },
    });
  });

  test('takes input to its end', async () => {
    const text = 'x'.repeat(100_000);
    const outcome = await connect(exec('talks', ['wc', '-c'], 'stdin=true&stdout=true&stderr=true'), [text, text]);
    expect(outcome).toMatchObject({ stdout: '200000\n', status: { status: 'Success' } });
  });

  test('has a terminal of the size that the client has', async () => {
    const size = JSON.stringify({ Width: 111, Height: 33 });
    const outcome = await connect(
      exec('talks', ['sh', '-c', 'sleep 0.5; stty size; tty'], 'stdout=true&tty=true'),
      [],
      size,
    );
    expect(outcome.stdout).toMatch(/33 111\r\n\/dev\/pts\/\d/);
  });

  test('says what is wrong', async () => {
    const outcome = await connect(exec('talks', ['/none'], 'stdout=true'));
    expect(outcome.status).toMatchObject({ status: 'Failure' });
    const ended = await connect(exec('restarts', ['true'], 'stdout=true'));
    expect(ended.status).toMatchObject({
      status: 'Failure',
      message: 'Internal error occurred: unable to upgrade connection: container not found ("main")',
    });
  });
});

describe.skipIf(why !== undefined)('attach', () => {
  test('joins the streams of the container itself', async () => {
    const path = '/api/v1/namespaces/default/pods/listens/attach?container=main&stdin=true&stdout=true';
    const outcome = await connect(path, ['hello\n']);
    expect(outcome.stdout).toBe('hello\n');
    await node.until('listens', ({ status }) => status.phase === 'Succeeded');
  });
});

describe.skipIf(why !== undefined)('port-forward', () => {
  test.each([8080, 8081])('reaches port %i, also on the loopback of the pod', async (port) => {
    const path = `/api/v1/namespaces/default/pods/talks/portforward?ports=${port}`;
    const connection = await node.transport.connect(path, AbortSignal.timeout(20_000));
    connection.send({ channel: 0, data: Buffer.from('GET / HTTP/1.0\r\n\r\n') });
    let text = '';
    for await (const { channel, data } of connection.messages) if (channel === 0) text += Buffer.from(data).toString();
    expect(text.slice(2)).toMatch(/^HTTP\/1.. 200 OK[^]*web\n$/);
  });
});

describe.skipIf(why !== undefined)('stock kubectl', () => {
  const FORWARDED = 16_540;
  /** Older releases speak SPDY/3.1 alone; newer ones do when told to. */
  const SPDY = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' };

  test.each([
    { name: 'WebSocket', env: {} },
    { name: 'SPDY', env: SPDY },
  ])('executes and forwards ports over $name', async ({ env }) => {
    const kubectl = await kubectlPath(35);
    const options = { env: { ...process.env, ...env, KUBECONFIG: node.kubeconfig } };
    const run = promisify(execFile)(kubectl, ['exec', '-i', 'talks', '--', 'sh', '-c', 'wc -c; exit 5'], {
      ...options,
      timeout: 30_000,
    });
    run.child.stdin?.end('x'.repeat(200_000));
    await expect(run).rejects.toMatchObject({ code: 5, stdout: '200000\n' });
    const forward = spawn(kubectl, ['port-forward', 'talks', `${FORWARDED}:8081`], options);
    try {
      const exited = once(forward, 'exit').then(() => Promise.reject(new Error('kubectl port-forward ended')));
      await Promise.race([once(forward.stdout, 'data'), exited]);
      exited.catch(() => undefined); // it is ended below
      const url = `http://127.0.0.1:${FORWARDED}/`;
      const answers = await Promise.all(
        [1, 2, 3].map(async () => (await fetch(url, { signal: AbortSignal.timeout(20_000) })).text()),
      );
      expect(answers).toEqual(['web\n', 'web\n', 'web\n']);
    } finally {
      const gone = once(forward, 'exit');
      forward.kill();
      await gone;
    }
  });
});
