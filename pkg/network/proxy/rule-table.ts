// The proxy's one kernel table as a value: what all Services contribute, and the nft text that creates it or changes it.
// Pure state: it tells what to run and runs nothing. Layout of the table:
//   maps  service-ips, service-nodeports   address and port -> chain that picks an endpoint
//         no-endpoint-services, -nodeports refusal of what has nobody to answer
//         firewall-ips                     load balancer addresses that only some may reach
//   sets  cluster-ips                      every ClusterIP: other ports of it are refused
//         balancer-ips                     load balancer addresses of the nodes' own: likewise
//         hairpin-pairs                    endpoint . endpoint: a pod that reaches itself
//   chains of the hooks (hook-chains.ts), and per port cluster-, local-, external-, firewall-, endpoint-<ns>/<svc>/...
import type { AddressFamily } from './address-family.ts';
import { NO_MEMORY, type AffinityMemory } from './affinity-memory.ts';
import { collections, hookChains, type HookOptions } from './hook-chains.ts';
import { NO_RULES, type Collection, type Element, type ServiceRules } from './service-rules.ts';

/** How many clients one endpoint's session affinity remembers; beyond that, new clients are spread as without affinity. */
const AFFINITY_CLIENTS = 65_536;

/** Elements in one command; nft's parser slows down on longer ones. */
const ELEMENTS_PER_COMMAND = 500;

export class RuleTable {
  readonly #name: string;
  readonly #family: AddressFamily;
  readonly #services = new Map<string, ServiceRules>();
  /** Who asks for an element, in the order of asking; the first one gets it. */
  readonly #claims = new Map<string, Map<string, Element>>();

  constructor(name: string, family: AddressFamily) {
    this.#name = name;
    this.#family = family;
  }

  get size(): number {
    return this.#services.size;
  }

  /**
   * Takes over what changed (NO_RULES or undefined: the Service is gone) and answers with the commands that bring a
   * kernel table that was up to date there; '' when nothing differs. They belong into one transaction.
   */
  update(changes: ReadonlyMap<string, ServiceRules | undefined>): string {
    const plan: Plan = { added: [], filled: [], elements: [], removed: [] };
    const before = new Map<string, Element | undefined>();
    for (const [service, next = NO_RULES] of changes) {
      const last = this.#services.get(service) ?? NO_RULES;
      this.#planChains(last, next, plan);
      this.#claim(service, last, next, before);
      if (next === NO_RULES) this.#services.delete(service);
      else this.#services.set(service, next);
    }
    this.#planElements(before, plan);
    return lines([...plan.added, ...plan.filled, ...plan.elements, ...plan.removed]);
  }

  /** Whether some Service keeps its clients where they were. */
  get hasAffinity(): boolean {
    return this.#services.values().some(({ affinitySets }) => affinitySets.size > 0);
  }

  /** Commands that replace the whole table, in one transaction, by what is known here and what the old one remembered. */
  text(options: HookOptions, memory: AffinityMemory = NO_MEMORY): string {
    const commands = [
      `add table ${this.#table}`,
      `delete table ${this.#table}`,
      `add table ${this.#table}`,
      ...collections(this.#family).map(({ name, kind, body }) => `add ${kind} ${this.#table} ${name} { ${body} }`),
    ];
    const plan: Plan = { added: [], filled: [], elements: [], removed: [] };
    for (const rules of this.#services.values()) this.#planChains(NO_RULES, rules, plan);
    for (const { chain, hook, rules } of hookChains(this.#family, options)) {
      commands.push(`add chain ${this.#table} ${chain}${hook === undefined ? '' : ` { ${hook} }`}`);
      plan.filled.push(...rules.map((rule) => `add rule ${this.#table} ${chain} ${rule}`));
    }
    const before = new Map([...this.#claims.keys()].map((key) => [key, undefined]));
    this.#planElements(before, plan);
    return lines([...commands, ...plan.added, ...this.#recall(memory), ...plan.filled, ...plan.elements]);
  }

  #recall(memory: AffinityMemory): string[] {
    const commands: string[] = [];
    for (const { affinitySets } of this.#services.values())
      for (const [set, seconds] of affinitySets) {
        const clients = memory.get(set) ?? [];
        for (let from = 0; from < clients.length; from += ELEMENTS_PER_COMMAND) {
          const part = clients
            .slice(from, from + ELEMENTS_PER_COMMAND)
            .map(({ address, expires }) => `${address} expires ${Math.min(expires, seconds)}s`);
          commands.push(`add element ${this.#table} ${set} { ${part.join(', ')} }`);
        }
      }
    return commands;
  }

  /** Commands that remove the table, whether or not it is there. */
  removal(): string {
    return lines([`add table ${this.#table}`, `delete table ${this.#table}`]);
  }

  get #table(): string {
    return `${this.#family.nft} ${this.#name}`;
  }

  #planChains(last: ServiceRules, next: ServiceRules, plan: Plan): void {
    for (const [set, seconds] of next.affinitySets) {
      if (last.affinitySets.has(set)) continue;
      const body = `type ${this.#family.addressType}; flags dynamic,timeout; timeout ${seconds}s; size ${AFFINITY_CLIENTS};`;
      plan.added.push(`add set ${this.#table} ${set} { ${body} }`);
    }
    for (const [chain, rules] of next.chains) {
      const old = last.chains.get(chain);
      if (old === undefined) plan.added.push(`add chain ${this.#table} ${chain}`);
      else if (same(old, rules)) continue;
      else plan.filled.push(`flush chain ${this.#table} ${chain}`);
      plan.filled.push(...rules.map((rule) => `add rule ${this.#table} ${chain} ${rule}`));
    }
    const gone = [...last.chains.keys()].filter((chain) => !next.chains.has(chain));
    // All are emptied before one is deleted: they refer to each other.
    plan.removed.unshift(...gone.map((chain) => `flush chain ${this.#table} ${chain}`));
    plan.removed.push(...gone.map((chain) => `delete chain ${this.#table} ${chain}`));
    for (const set of last.affinitySets.keys())
      if (!next.affinitySets.has(set)) plan.removed.push(`delete set ${this.#table} ${set}`);
  }

  #claim(service: string, last: ServiceRules, next: ServiceRules, before: Map<string, Element | undefined>): void {
    const wanted = new Map(next.elements.map((element) => [claimKey(element), element]));
    for (const element of last.elements) {
      const key = claimKey(element);
      if (wanted.has(key)) continue;
      if (!before.has(key)) before.set(key, this.#effective(key));
      const claims = this.#claims.get(key);
      claims?.delete(service);
      if (claims?.size === 0) this.#claims.delete(key);
    }
    for (const [key, element] of wanted) {
      if (!before.has(key)) before.set(key, this.#effective(key));
      const claims = this.#claims.get(key) ?? new Map<string, Element>();
      claims.set(service, element);
      this.#claims.set(key, claims);
    }
  }

  #effective(key: string): Element | undefined {
    return this.#claims.get(key)?.values().next().value;
  }

  #planElements(before: ReadonlyMap<string, Element | undefined>, plan: Plan): void {
    const remove = new Map<Collection, string[]>();
    const add = new Map<Collection, string[]>();
    for (const [key, old] of before) {
      const now = this.#effective(key);
      if (old !== undefined && (now === undefined || old.verdict !== now.verdict))
        push(remove, old.collection, old.key);
      if (now !== undefined && (old === undefined || old.verdict !== now.verdict))
        push(add, now.collection, now.verdict === undefined ? now.key : `${now.key} : ${now.verdict}`);
    }
    for (const [verb, byCollection] of [['delete', remove] as const, ['add', add] as const])
      for (const [collection, elements] of byCollection)
        for (let from = 0; from < elements.length; from += ELEMENTS_PER_COMMAND) {
          const part = elements.slice(from, from + ELEMENTS_PER_COMMAND).join(', ');
          plan.elements.push(`${verb} element ${this.#table} ${collection} { ${part} }`);
        }
  }
}

/** Commands in the order in which they must stand: what is referred to first, what refers to it later. */
interface Plan {
  readonly added: string[];
  readonly filled: string[];
  readonly elements: string[];
  readonly removed: string[];
}

function claimKey({ collection, key }: Element): string {
  return `${collection} ${key}`;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule, index) => rule === b[index]);
}

function push(groups: Map<Collection, string[]>, collection: Collection, text: string): void {
  const group = groups.get(collection);
  if (group === undefined) groups.set(collection, [text]);
  else group.push(text);
}

function lines(commands: readonly string[]): string {
  return commands.length === 0 ? '' : `${commands.join('\n')}\n`;
}
