// kube-apiserver: reads flags, opens the store, starts the API server and listens until it is told to stop.
import { runProgram } from '../program.ts';
import { NAME, SUMMARY, startApiServer } from './start.ts';
import { flags, parseFlags } from './flags.ts';

await runProgram({
  name: NAME,
  summary: SUMMARY,
  flags,
  async run(values, { log, signal }) {
    await using _server = await startApiServer(parseFlags(values), log);
    await stopped(signal);
  },
});

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
