// A node in one process: kubelet, pod network, Service rules and DNS of this machine, and the certificates with which it speaks to the
// cluster. A part that fails ends the process; containers, rules and routes stay, and the next one goes on with them.
import { Option } from 'commander';
import { runProgram } from '../program.ts';
import { runNode } from './node.ts';

await runProgram({
  name: 'typekube-node',
  summary: 'Runs this machine as a node of a cluster that it has joined ("tkctl join").',
  flags: [new Option('--directory <path>', 'where node.json lies').default('/var/lib/typekube/node')],
  run: (flags, { log, signal }) => runNode(String(flags['directory']), log, signal),
});
