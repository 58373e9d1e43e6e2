// How `run` ends when the pod it was attached to has ended.
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { exitCodeOfPod } from './run.ts';

const pod = (phase: string, terminated?: JsonObject): JsonObject => ({
  metadata: { namespace: 'n', name: 'p' },
  status: { phase, ...(terminated !== undefined && { containerStatuses: [{ state: { terminated } }] }) },
});

describe('run', () => {
  test('ends well with a pod that succeeded', () => {
    expect(exitCodeOfPod(pod('Succeeded'))).toBe(0);
  });

  test.each([
    {
      name: 'exits as its container did',
      of: pod('Failed', { exitCode: 5, reason: 'Error' }),
      want: { exitCode: 5, message: 'pod n/p terminated (Error)\n' },
    },
    {
      name: 'says why it did not start',
      of: pod('Failed', { exitCode: 128, reason: 'StartError', message: 'no such file' }),
      want: { exitCode: 128, message: 'pod n/p terminated (StartError)\nno such file' },
    },
    {
      name: 'does not know the code of a pod without a container',
      of: pod('Failed'),
      want: { exitCode: 1, message: 'pod n/p failed with unknown exit code' },
    },
  ])('$name', ({ of, want }) => {
    let thrown: unknown;
    try {
      exitCodeOfPod(of);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject(want);
  });
});
