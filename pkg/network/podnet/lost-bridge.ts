// Remembers the pods' bridge, so that it can be made again when somebody deletes it while pods hang on it: the engine does not
// notice, and neither the pods that are there nor new ones would ever have a network again. A bridge without pods is the
// engine's to make and to remove.
import type { RunHostCommand } from '../host-command.ts';
import { field, listField, listOf, objectOf, textField } from '../json-fields.ts';

/** Pods come and go; those that are there are seen again at the next look. */
const PORTS_LIMIT = 1_000;

interface Known {
  readonly hardware: string;
  /** With its prefix length. */
  readonly address: string;
}

export class LostBridge {
  readonly #bridge: string;
  readonly #run: RunHostCommand;
  #known: Known | undefined;
  /** Those seen until now: a bridge that is being deleted loses its ports first. */
  #ports = new Set<string>();

  constructor(bridge: string, run: RunHostCommand) {
    this.#bridge = bridge;
    this.#run = run;
  }

  /** The bridge is there, with these ports. */
  async remember(ports: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.#ports.size > PORTS_LIMIT) this.#ports.clear();
    for (const port of ports) this.#ports.add(port);
    if (this.#known !== undefined || ports.length === 0) return;
    const shown = await this.#run(['ip', '-j', 'addr', 'show', 'dev', this.#bridge], {}, signal);
    if (shown.outcome === 'done') this.#known = knownIn(listOf(objectOf(shown.output))[0]);
  }

  /** The bridge is not there. Answers with how many pods' ports hang on the one that was made in its place; 0: there is none. */
  async restore(signal: AbortSignal): Promise<number> {
    const known = this.#known;
    if (known === undefined) return 0;
    const shown = await this.#run(['ip', '-j', 'link', 'show', 'type', 'veth'], {}, signal);
    const links = shown.outcome === 'done' ? listOf(objectOf(shown.output)) : [];
    const left = links
      .filter((link) => textField(link, 'master') === undefined)
      .map((link) => textField(link, 'ifname'));
    const ports = [...this.#ports].filter((port) => left.includes(port));
    this.#known = undefined;
    if (ports.length === 0) return 0;
    const commands = [
      `link add ${this.#bridge} address ${known.hardware} type bridge`,
      `addr add ${known.address} brd + dev ${this.#bridge}`,
      `link set ${this.#bridge} up`,
      ...ports.map((port) => `link set ${port} master ${this.#bridge}`),
    ];
    const made = await this.#run(['ip', '-force', '-batch', '-'], { input: `${commands.join('\n')}\n` }, signal);
    return made.outcome === 'done' ? ports.length : 0;
  }
}

function knownIn(device: unknown): Known | undefined {
  const hardware = textField(device, 'address');
  const first = listField(device, 'addr_info').find((one) => textField(one, 'family') === 'inet');
  const [local, length] = [textField(first, 'local'), field(first, 'prefixlen')];
  if (hardware === undefined || local === undefined || typeof length !== 'number') return undefined;
  return { hardware, address: `${local}/${length}` };
}
