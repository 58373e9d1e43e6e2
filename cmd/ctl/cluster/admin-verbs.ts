// tkctl's own verbs, run as administrator of a cluster of this machine, whatever the user's kubeconfig says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigFor, renderKubeconfig, type AdminAccess } from '../../../pkg/cluster/kubeconfig-entry.ts';
import type { World } from '../../../pkg/ctl/cli/command.ts';
import { runCommandLine } from '../../../pkg/ctl/cli/run.ts';
import { rootCommand } from '../../../pkg/ctl/root-command.ts';

export interface AdminVerbs extends Disposable {
  /** Answers with the exit code; what the verb prints goes to `streams`. */
  run(args: readonly string[], streams: Pick<World, 'out' | 'err'>): Promise<number>;
}

/** Until it is disposed, the credentials lie in a file that only this user reads. */
export function adminVerbs(cluster: string, access: AdminAccess, world: World): AdminVerbs {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-verbs-'));
  const kubeconfig = join(directory, 'config');
  writeFileSync(kubeconfig, renderKubeconfig(kubeconfigFor(cluster, access)), { mode: 0o600 });
  return {
    run: (args, streams) =>
      runCommandLine(rootCommand([]), [...args, `--kubeconfig=${kubeconfig}`], { ...world, ...streams }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
