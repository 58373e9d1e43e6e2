import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { startExec } from './sessions.ts';

test('a command whose time is over while the engine begins it is not waited for', async () => {
  const stop = new AbortController();
  const exec = {
    start: () => {
      stop.abort(new Error('timed out'));
      return Promise.resolve(new PassThrough());
    },
  };
  const container = { exec: () => Promise.resolve(exec) };
  const docker = { getContainer: () => container } as unknown as Docker; // nothing else is asked for
  const options = { command: ['sleep', '1000'], stdin: false, stdout: true, stderr: true, tty: false };
  const session = await startExec(docker, 'c1', options, stop.signal);
  const pieces = async () => {
    for await (const { data } of session.output) void data;
  };
  await expect(pieces()).rejects.toThrow();
});
