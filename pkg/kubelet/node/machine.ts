// What the machine is: processors, memory, disk, names. Read once at start, from /proc, /etc and the file system.
import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, hostname, release } from 'node:os';

export interface Machine {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Of the file system that holds the kubelet's directory. */
  readonly storageBytes: number;
  /** Go's names: amd64, arm64. */
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly pidLimit: number;
  /** Processes here may be given an oom score below their parent's. */
  readonly mayLowerOomScore: boolean;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };
const CAP_SYS_RESOURCE = 24n;

export async function readMachine(rootDirectory: string): Promise<Machine> {
  const [memory, disk, osRelease, machineId, bootId, productUuid, pidLimit, ownStatus] = await Promise.all([
    textOf('/proc/meminfo'),
    statfs(rootDirectory),
    textOf('/etc/os-release'),
    textOf('/etc/machine-id'),
    textOf('/proc/sys/kernel/random/boot_id'),
    textOf('/sys/class/dmi/id/product_uuid'),
    textOf('/proc/sys/kernel/pid_max'),
    textOf('/proc/self/status'),
  ]);
  const kibibytes = Number(/^MemTotal:\s+(\d+) kB/m.exec(memory)?.[1] ?? '0');
  const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)/m.exec(ownStatus)?.[1] ?? '0'}`);
  return {
    hostname: hostname().toLowerCase(),
    cpus: availableParallelism(),
    memoryBytes: kibibytes * 1024,
    storageBytes: disk.blocks * disk.bsize,
    architecture: GO_ARCHITECTURES[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?/m.exec(osRelease)?.[1] ?? 'Linux',
    machineId: machineId.trim(),
    systemUuid: productUuid.trim() === '' ? machineId.trim() : productUuid.trim(),
    bootId: bootId.trim(),
    pidLimit: Number(pidLimit.trim()),
    mayLowerOomScore: ((bounding >> CAP_SYS_RESOURCE) & 1n) === 1n,
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return ''; // not every machine has each of these; what depends on it has a fallback
  }
}
