// Kernel switches under /proc/sys. In a container they may be read-only: not being able to set one is an answer.
import { readFile, writeFile } from 'node:fs/promises';

export interface Sysctls {
  /** The value without its line end; undefined: this kernel has no such switch. */
  read(name: string): Promise<string | undefined>;
  /** Whether it now has this value. */
  set(name: string, value: string): Promise<boolean>;
}

/** Names as sysctl(8) takes them with slashes: `net/ipv4/ip_forward` (interface names may contain dots). */
export const kernelSysctls: Sysctls = {
  async read(name) {
    try {
      return (await readFile(`/proc/sys/${name}`, 'utf8')).trim();
    } catch {
      return undefined;
    }
  },
  async set(name, value) {
    if ((await kernelSysctls.read(name)) === value) return true;
    try {
      await writeFile(`/proc/sys/${name}`, value);
      return true;
    } catch {
      return false;
    }
  },
};
