// What a balancer knows of its backends: which answer, and how many connections each has. Pure bookkeeping; who asks and who
// connects is balancer.ts.

/** A backend that failed this often in a row gets no new connections while another one answers. */
const FAILURES_TO_LEAVE = 2;

interface Backend {
  /** `HOST:PORT` */
  readonly address: string;
  connections: number;
  failures: number;
}

export class Backends {
  readonly #all: readonly Backend[];

  constructor(addresses: readonly string[]) {
    this.#all = addresses.map((address) => ({ address, connections: 0, failures: 0 }));
  }

  /** Whom to try for a new connection, in this order. Those that do not answer come last: the probe may be wrong. */
  order(): string[] {
    return this.#all
      .toSorted((a, b) => Number(!answers(a)) - Number(!answers(b)) || a.connections - b.connections)
      .map(({ address }) => address);
  }

  connected(address: string): void {
    this.#at(address).connections += 1;
  }

  disconnected(address: string): void {
    this.#at(address).connections -= 1;
  }

  /** What this changes: `left` when its connections should be given up, `returned` when it answers again. */
  probed(address: string, healthy: boolean): 'left' | 'returned' | 'same' {
    const backend = this.#at(address);
    const before = answers(backend);
    backend.failures = healthy ? 0 : backend.failures + 1;
    const after = answers(backend);
    if (before === after) return 'same';
    return after ? 'returned' : 'left';
  }

  #at(address: string): Backend {
    const backend = this.#all.find((one) => one.address === address);
    if (backend === undefined) throw new TypeError(`${address} is no backend`);
    return backend;
  }
}

function answers({ failures }: Backend): boolean {
  return failures < FAILURES_TO_LEAVE;
}
