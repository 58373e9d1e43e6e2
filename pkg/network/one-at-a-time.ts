// A task that many may ask for and that must not run twice at once.

/** Runs `task` when asked; asked while it runs, it runs once more, however often it was asked. `task` does not reject. */
export function oneAtATime(task: () => Promise<unknown>): { request(): void; idle(): Promise<void> } {
  let current: Promise<void> | undefined;
  let again = false;
  const work = async (): Promise<void> => {
    do {
      again = false;
      await task();
    } while (again);
    current = undefined;
  };
  return {
    request() {
      if (current === undefined) current = work();
      else again = true;
    },
    idle: async () => await current,
  };
}
