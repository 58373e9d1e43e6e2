// The file of `tkctl cluster create --config` for a test: one control plane, some workers, flags of its controller manager.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

export function writeConfigFile(
  workers: number,
  controllerManager: Readonly<Record<string, string>>,
): Disposable & { readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-config-'));
  const path = join(directory, 'cluster.yaml');
  const config = {
    apiVersion: 'typekube.dev/v1alpha1',
    kind: 'Cluster',
    nodes: [{ role: 'control-plane' }, ...Array.from({ length: workers }, () => ({ role: 'worker' }))],
    controllerManager: { extraArgs: controllerManager },
  };
  writeFileSync(path, stringify(config, { aliasDuplicateObjects: false }));
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}
