// Asks an address several times, each time from a new socket, and prints one line for each answer: what the pod said,
// `refused` or `timeout`. Arguments: tcp or udp, address, port, times, milliseconds to wait, bytes to send. Over TCP every byte
// beyond the first must be answered in full.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [protocol, address = '', port, times, timeout, bytes = '1'] = process.argv.slice(2);
const question = Buffer.alloc(Number(bytes), '?');

function askTcp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: Number(port) });
    socket.setTimeout(Number(timeout), () => resolve('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' || error.code === 'EHOSTUNREACH' ? 'refused' : String(error.code)),
    );
    let greeting = '';
    let expected = Infinity;
    let received = 0;
    socket.on('data', (data) => {
      received += data.length;
      if (greeting === '') {
        greeting = data.toString().split('\n')[0] ?? '';
        const [name = ''] = greeting.split(' ');
        const more = question.length > 1 ? question : Buffer.alloc(0);
        expected = greeting.length + 1 + more.length * `${name} still\n`.length;
        if (more.length > 0) socket.write(more);
      }
      if (received < expected) return;
      resolve(greeting);
      socket.destroy();
    });
  });
}

function askUdp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (answer: string) => {
      resolve(answer);
      clearTimeout(timer);
      socket.close();
    };
    const timer = setTimeout(() => done('timeout'), Number(timeout));
    socket.on('error', () => done('refused'));
    socket.on('message', (data) => done(data.toString().trim()));
    socket.connect(Number(port), address, () => socket.send(question));
  });
}

for (let turn = 0; turn < Number(times); turn++) console.log(protocol === 'udp' ? await askUdp() : await askTcp());
process.exit(0);
