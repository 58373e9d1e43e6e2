// A client that looks one name up again and again, as C libraries do: once more after five seconds when nobody answers, each time
// from a new socket. Prints as JSON what took more than a second or gave no address. Arguments: server, name, when to end (ms).
import { Resolver } from 'node:dns/promises';

const [server = '', name = '', until] = process.argv.slice(2);
const SLOW_MS = 1_000;

async function ask(tries: number): Promise<string> {
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  resolver.setServers([server]);
  try {
    return (await resolver.resolve4(name)).join();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ETIMEOUT' && tries > 1 ? await ask(tries - 1) : code;
  }
}

const slow: string[] = [];
while (Date.now() < Number(until)) {
  const began = Date.now();
  const answer = await ask(2);
  if (!answer.includes('.') || Date.now() - began > SLOW_MS) slow.push(`${answer} after ${Date.now() - began} ms`);
}
console.log(JSON.stringify(slow));
process.exit(0);
