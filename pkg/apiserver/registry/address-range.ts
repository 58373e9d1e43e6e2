// A range of IPv4 addresses that Services get theirs from, and which of them are taken. Pure bookkeeping.
import { isIPv4 } from 'node:net';
import type { Random } from '../../clock/clock.ts';

export class AddressRange {
  readonly cidr: string;
  readonly #base: number;
  readonly #size: number;
  readonly #taken = new Set<string>();

  /** Throws for a text that is no IPv4 CIDR, or one too small to hold a Service. */
  constructor(cidr: string) {
    const [address = '', bits = ''] = cidr.split('/');
    const prefix = Number(bits);
    if (!isIPv4(address) || !/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
      throw new Error(`${JSON.stringify(cidr)} is no range for Services: it must be IPv4 in CIDR form, from /8 to /30`);
    }
    this.cidr = cidr;
    this.#size = 2 ** (32 - prefix);
    this.#base = Math.floor(numberOf(address) / this.#size) * this.#size;
  }

  /** The first usable one, which the `kubernetes` Service has. */
  get first(): string {
    return textOf(this.#base + 1);
  }

  contains(address: string): boolean {
    if (!isIPv4(address)) return false;
    const offset = numberOf(address) - this.#base;
    return offset > 0 && offset < this.#size - 1;
  }

  /** False when somebody has it. */
  take(address: string): boolean {
    if (this.#taken.has(address)) return false;
    this.#taken.add(address);
    return true;
  }

  release(address: string): void {
    this.#taken.delete(address);
  }

  /** A free one for which `free` agrees; undefined when there is none. The low part is left to those who choose. */
  takeAny(random: Random, free: (address: string) => boolean): string | undefined {
    const usable = this.#size - 2;
    const reserved = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256);
    const low = usable > reserved ? reserved : 0;
    const span = usable - low;
    const start = Math.floor(random() * span);
    for (let i = 0; i < usable; i++) {
      const offset = i < span ? 1 + low + ((start + i) % span) : 1 + (i - span);
      const address = textOf(this.#base + offset);
      if (!this.#taken.has(address) && free(address)) {
        this.#taken.add(address);
        return address;
      }
    }
    return undefined;
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
