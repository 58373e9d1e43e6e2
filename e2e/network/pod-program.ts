// What runs in a test pod: answers every TCP connection and UDP packet with its name and the address of the client, then
// closes the connection. Arguments: name, ports separated by commas. Writes one line when it listens.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [name = '', ports = ''] = process.argv.slice(2);
const listening = ports.split(',').flatMap((port) => {
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    // Every byte is answered by a line.
    socket.write(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}\n`);
    socket.on('data', (data) => socket.write(`${name} still\n`.repeat(data.length)));
  }).listen(Number(port), '0.0.0.0');
  const udp = createSocket('udp4', (_message, from) => udp.send(`${name} ${from.address}\n`, from.port, from.address));
  udp.bind(Number(port));
  return [
    new Promise((resolve) => tcp.once('listening', resolve)),
    new Promise((resolve) => udp.once('listening', () => resolve(undefined))),
  ];
});
await Promise.all(listening);
console.log('listening');
