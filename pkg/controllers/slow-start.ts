// Runs the same work several times, first once, then twice, four times ... at once, and stops after a batch with a failure:
// a thousand pods that a quota refuses are not tried a thousand times.

export interface SlowStartResult {
  readonly succeeded: number;
  /** Of the first failure. */
  readonly error: Error | undefined;
}

export async function slowStart(count: number, work: () => Promise<void>): Promise<SlowStartResult> {
  let succeeded = 0;
  for (let batch = Math.min(count, 1); batch > 0; batch = Math.min(count - succeeded, batch * 2)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, work));
    const failures = results.filter((result) => result.status === 'rejected');
    succeeded += batch - failures.length;
    if (failures[0] !== undefined) return { succeeded, error: asError(failures[0].reason) };
  }
  return { succeeded, error: undefined };
}

/** What a promise was rejected with, as an Error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
