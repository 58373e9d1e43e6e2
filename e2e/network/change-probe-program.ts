// The witness of changes: asks a Service again and again and prints the address of everybody who answers for the first time, with
// the time in milliseconds. It answers itself, on every address of its namespace. Each line of its input is a Service to ask from
// then on; the end of the input ends it.
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PORT = 8080;
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(`${socket.localAddress}\n`);
}).listen(PORT, '0.0.0.0', () => console.log('listening 0'));

let service = '';
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const idle = service === '';
    service = line.trim();
    if (idle) void ask();
  })
  .on('close', () => process.exit(0));
server.on('error', () => process.exit(1));

const seen = new Set<string>();
async function ask(): Promise<void> {
  for (;;) {
    const answer = await answerOf(service);
    if (answer === '' || seen.has(answer)) continue;
    seen.add(answer);
    console.log(`${answer} ${performance.timeOrigin + performance.now()}`);
  }
}

function answerOf(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 80, timeout: 1_000 });
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => setImmediate(() => resolve(text.trim())));
  });
}
