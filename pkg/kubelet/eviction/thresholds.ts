// When a node has too little of something: `memory.available<100Mi,nodefs.available<10%`. Pure; signals and operator are
// Kubernetes' (k8s.io/kubernetes/pkg/kubelet/eviction), of which this kubelet knows hard thresholds.
import { parseQuantity, wholeValue } from '../../api/meta/quantity.ts';

export const SIGNALS = ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'pid.available'] as const;
export type Signal = (typeof SIGNALS)[number];

export interface Threshold {
  readonly signal: Signal;
  /** As written. */
  readonly text: string;
  /** Of what there is at all (0 to 1), or an amount. */
  readonly share?: number;
  readonly amount?: number;
}

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}
export type Observations = Readonly<Partial<Record<Signal, Observation>>>;

/**
 * Amounts of disk where Kubernetes has shares (10 % and 5 %): these nodes live on machines that have other uses, too, and a disk nine
 * tenths full is nothing unusual there.
 */
export const DEFAULT_THRESHOLDS: Readonly<Record<string, string>> = {
  'memory.available': '100Mi',
  'nodefs.available': '1Gi',
  'nodefs.inodesFree': '1%',
};

/** Throws Error in one sentence for what cannot be. Thresholds of nothing (`0%`) are left out. */
export function parseThresholds(values: Readonly<Record<string, string>>): Threshold[] {
  return Object.entries(values).flatMap(([name, text]): Threshold[] => {
    const signal = SIGNALS.find((known) => known === name);
    if (signal === undefined) {
      throw new Error(`unknown eviction signal "${name}"; there are ${SIGNALS.join(', ')}`);
    }
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
    if (percent !== undefined) {
      const share = Number(percent) / 100;
      if (share > 1) throw new Error(`eviction threshold ${name}<${text} is more than there is`);
      return share === 0 ? [] : [{ signal, text, share }];
    }
    if (!parseQuantity(text).ok || wholeValue(text) < 0) {
      throw new Error(`eviction threshold ${name}<${text} is neither a quantity nor a percentage`);
    }
    return wholeValue(text) === 0 ? [] : [{ signal, text, amount: wholeValue(text) }];
  });
}

/** In bytes or pieces. */
export function limitOf({ share, amount }: Threshold, capacity: number): number {
  return amount ?? (share ?? 0) * capacity;
}

export function crossed(thresholds: readonly Threshold[], observed: Observations): Threshold[] {
  return thresholds.filter((threshold) => {
    const now = observed[threshold.signal];
    return now !== undefined && now.available < limitOf(threshold, now.capacity);
  });
}

export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

export const PRESSURE_OF: Readonly<Record<Signal, Pressure>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
  'pid.available': 'PIDPressure',
};

/** What messages call the thing that is short. */
export const RESOURCE_OF: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'pid.available': 'pids',
};
