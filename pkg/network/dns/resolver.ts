// From a client's bytes to the reply's: the cluster's names out of the zone at once, everything else through the forwarder.
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import type { Clock, Instant, Random } from '../../clock/clock.ts';
import { answer, type ZoneView } from './answer.ts';
import { noDnsMetrics, type DnsMetrics } from './dns-metrics.ts';
import type { Forwarder } from './forwarder.ts';
import { encodeReply, parseQuery, udpLimit, type Query } from './query.ts';
import { truncate } from './raw-message.ts';
import type { Answer, DnsRecord } from './records.ts';

export interface ResolverOptions {
  readonly forwarder: Pick<Forwarder, 'ask'>;
  readonly random: Random;
  readonly clock: Pick<Clock, 'now'>;
  /** Default: nobody counts. */
  readonly metrics?: DnsMetrics;
  view(): ZoneView;
}

export type Transport = 'udp' | 'tcp';

/** An ExternalName may name another ExternalName; more of them in a row are a circle. */
const CHASE_LIMIT = 8;

export class Resolver {
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** Undefined: nothing to say. A reply that needs nobody else is there in the same turn. */
  handle(bytes: Buffer, transport: Transport, signal: AbortSignal): Buffer | undefined | Promise<Buffer | undefined> {
    const parsed = parseQuery(bytes);
    if (parsed.is === 'nothing') return undefined;
    if (parsed.is === 'refused') return parsed.reply;
    const { query } = parsed;
    if (query.edns !== undefined && query.edns.version > 0) return encodeReply(query, { code: 'BADVERS' });
    const began = this.#options.clock.now();
    const found = answer(query.question, this.#options.view());
    const from = found.from === 'elsewhere' ? 'forward' : 'kubernetes';
    const reply = this.#answer(query, found, transport, signal);
    const asked = { transport, type: query.question.type, from } as const;
    if (!(reply instanceof Promise)) return this.#counted(asked, reply, began);
    return reply.then((late) => this.#counted(asked, late, began));
  }

  #answer(query: Query, found: Answer, transport: Transport, signal: AbortSignal): Buffer | Promise<Buffer> {
    if (found.from === 'elsewhere') return this.#forward(query, transport, signal);
    if (found.chase !== undefined) return this.#chase(query, found, transport, signal);
    return this.#fit(query, this.#reply(query, found), transport);
  }

  #counted(asked: Parameters<DnsMetrics['answered']>[0], reply: Buffer, began: Instant): Buffer {
    const { metrics = noDnsMetrics, clock } = this.#options;
    metrics.answered(asked, reply, clock.now() - began);
    return reply;
  }

  async #forward(query: Query, transport: Transport, signal: AbortSignal): Promise<Buffer> {
    const reply = await this.#options.forwarder.ask(query.bytes, signal);
    return reply === undefined ? encodeReply(query, { code: 'SERVFAIL' }) : this.#fit(query, reply, transport);
  }

  /** Adds what the target of a CNAME leads to, so that clients need not ask again; without it when nobody knows. */
  async #chase(
    query: Query,
    found: Answer & { from: 'cluster' },
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const answers: DnsRecord[] = [...found.answers];
    const added: Buffer[] = [];
    let target = found.chase;
    for (let step = 0; step < CHASE_LIMIT && target !== undefined; step++) {
      const next = answer({ name: target, type: query.question.type }, this.#options.view());
      if (next.from === 'elsewhere') {
        const reply = await this.#options.forwarder.ask(questionFor(query, target), signal);
        if (reply !== undefined) added.push(reply);
        break;
      }
      answers.push(...next.answers);
      target = next.chase;
    }
    const more = added.flatMap((reply) => addressRecords(reply));
    return this.#fit(query, this.#reply(query, { ...found, answers: [...answers, ...more] }), transport);
  }

  #reply(query: Query, found: Answer & { from: 'cluster' }): Buffer {
    const { code, authorities, additionals } = found;
    return encodeReply(query, {
      code,
      authoritative: true,
      answers: this.#turned(found.answers),
      authorities,
      additionals,
    });
  }

  /** Starts at a random one of several addresses, since most clients take the first. */
  #turned(records: readonly DnsRecord[]): readonly DnsRecord[] {
    if (records.length < 2 || records.some(({ type }) => type === 'CNAME')) return records;
    const start = Math.floor(this.#options.random() * records.length);
    return [...records.slice(start), ...records.slice(0, start)];
  }

  #fit(query: Query, reply: Buffer, transport: Transport): Buffer {
    return transport === 'udp' && reply.length > udpLimit(query) ? truncate(reply, query.questionEnd) : reply;
  }
}

function questionFor(query: Query, name: string): Buffer {
  const asked = Buffer.from(
    encode({ type: 'query', id: query.id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] }),
  );
  // The type is the client's, which the encoder may know by no name.
  asked.writeUInt16BE(query.bytes.readUInt16BE(query.questionEnd - 4), asked.length - 4);
  return asked;
}

/** The addresses and aliases among an upstream's answers. */
function addressRecords(reply: Buffer): DnsRecord[] {
  try {
    return (decode(reply).answers ?? []).flatMap((one): DnsRecord[] => {
      if (one.type !== 'A' && one.type !== 'AAAA' && one.type !== 'CNAME') return [];
      return [{ type: one.type, name: one.name, ttl: one.ttl ?? 0, data: one.data }];
    });
  } catch {
    return []; // an upstream that sends nonsense adds nothing
  }
}
