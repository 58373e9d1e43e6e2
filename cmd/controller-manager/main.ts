// kube-controller-manager: runs the controllers against the cluster that its kubeconfig names. Wiring only.
import { connectByKubeconfig } from '../connection.ts';
import { runProgram } from '../program.ts';
import { FLAGS, NAME, runFromFlags, SUMMARY } from './run.ts';

await runProgram({
  name: NAME,
  summary: SUMMARY,
  flags: FLAGS,
  run: (flags, { log, signal }) => runFromFlags(flags, { connect: connectByKubeconfig, log }, signal),
});
