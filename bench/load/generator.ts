// The load generator: a process of its own that carries out one order (JSON in its first argument) against an API server
// over TLS and JSON, and prints what it measured as one line of JSON.
import { create } from './create.ts';
import { list } from './list.ts';
import type { Order, Report } from './order.ts';
import { watchFanOut } from './watch-fan-out.ts';
import { watchBindings } from './watch-bindings.ts';

async function carryOut(order: Order): Promise<Report> {
  switch (order.do) {
    case 'create':
      return create(order);
    case 'list':
      return list(order);
    case 'watch-fan-out':
      return watchFanOut(order);
    case 'watch-bindings':
      return watchBindings(order);
  }
}

// Written by the benchmark that started this process, in the form of its own type.
const order = JSON.parse(process.argv[2] ?? '') as Order;
process.stdout.write(`${JSON.stringify(await carryOut(order))}\n`, () => process.exit(0));
