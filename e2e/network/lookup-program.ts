// Asks a DNS server and prints the answer as one line of JSON, or the error's code. Arguments: server (address:port), type,
// name; `udp` or `tcp` is not chosen here, the resolver turns to TCP when an answer was cut.
import { Resolver } from 'node:dns/promises';

const [server = '', type = 'A', name = ''] = process.argv.slice(2);
const resolver = new Resolver({ timeout: 3_000, tries: 1 });
resolver.setServers([server]);
try {
  const found = await resolver.resolve(name, type);
  console.log(JSON.stringify(found));
} catch (error) {
  console.log(JSON.stringify(error instanceof Error && 'code' in error ? error.code : String(error)));
}
process.exit(0);
