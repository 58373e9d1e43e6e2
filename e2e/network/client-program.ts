// Asks an address several times, each time from a new socket, and prints one line for each answer: what the pod said,
// `refused` or `timeout`. Arguments: tcp or udp, address, port, times, milliseconds to wait.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [protocol, address = '', port, times, timeout] = process.argv.slice(2);

function askTcp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: Number(port) });
    socket.setTimeout(Number(timeout), () => resolve('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' || error.code === 'EHOSTUNREACH' ? 'refused' : String(error.code)),
    );
    socket.on('data', (data) => {
      resolve(data.toString().trim());
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
    socket.connect(Number(port), address, () => socket.send('?'));
  });
}

for (let turn = 0; turn < Number(times); turn++) console.log(protocol === 'udp' ? await askUdp() : await askTcp());
process.exit(0);
