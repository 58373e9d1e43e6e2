// Which client was led to which endpoint, out of the kernel and back: writing the whole table anew would otherwise forget it, and
// a restart of the proxy would scatter every client with session affinity.
import type { RunHostCommand } from '../host-command.ts';
import { field, listField, objectOf, textField } from '../json-fields.ts';
import type { AddressFamily } from './address-family.ts';

export interface RememberedClient {
  readonly address: string;
  /** Seconds until it is forgotten. */
  readonly expires: number;
}

/** By set. */
export type AffinityMemory = ReadonlyMap<string, readonly RememberedClient[]>;

export const NO_MEMORY: AffinityMemory = new Map();

/** What the kernel's table remembers; nothing when there is no such table. */
export async function readAffinity(
  tableName: string,
  family: AddressFamily,
  run: RunHostCommand,
  signal?: AbortSignal,
): Promise<AffinityMemory> {
  const answer = await run(['nft', '-j', 'list', 'sets', 'table', family.nft, tableName], {}, signal);
  return answer.outcome === 'done' ? parseAffinity(answer.output) : NO_MEMORY;
}

/** Reads `nft -j list sets`. Only sets whose elements expire remember clients. */
export function parseAffinity(text: string): AffinityMemory {
  const memory = new Map<string, RememberedClient[]>();
  for (const item of listField(objectOf(text), 'nftables')) {
    const set = field(item, 'set');
    const name = textField(set, 'name');
    const clients = listField(set, 'elem').flatMap((one) => {
      const element = field(one, 'elem');
      const [address, expires] = [textField(element, 'val'), field(element, 'expires')];
      // Less than a second is over before it is written.
      return address === undefined || typeof expires !== 'number' || expires < 1 ? [] : [{ address, expires }];
    });
    if (name !== undefined && clients.length > 0) memory.set(name, clients);
  }
  return memory;
}
