// Parts of a program that live and die together: one that fails ends the others, so that whoever supervises the program sees it fail
// instead of half a program that lives on.

/** Resolves when all have ended because of `signal`; rejects with what the first one failed with when all have ended. */
export async function runTogether(
  parts: readonly ((until: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const running = parts.map(async (part) => {
    try {
      await part(until);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(running);
  if (results.some(({ status }) => status === 'rejected') && !signal.aborted) throw failed.signal.reason;
}
