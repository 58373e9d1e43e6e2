// A client that stays: sends a line again and again over one TCP connection or from one UDP socket, and prints the name of
// every pod that answers, when it differs from the one before; at the end `sent N lost M`. Arguments: tcp or udp, address,
// port, milliseconds. Ends early at the end of its input.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [protocol, address = '', port, duration] = process.argv.slice(2);
let last = '';
let sent = 0;
let answered = 0;

function heard(data: Buffer): void {
  for (const line of data.toString().trim().split('\n')) {
    answered++;
    const [pod = ''] = line.split(' ');
    if (pod !== last) console.log(pod);
    last = pod;
  }
}

function start(send: () => void): void {
  const timer = setInterval(() => {
    sent++;
    send();
  }, 10);
  const end = () => {
    clearInterval(timer);
    setTimeout(() => {
      console.log(`sent ${sent} lost ${Math.max(0, sent - answered)}`);
      process.exit(0);
    }, 200);
  };
  setTimeout(end, Number(duration));
  process.stdin.once('end', end).resume();
}

if (protocol === 'udp') {
  const socket = createSocket('udp4', heard);
  socket.connect(Number(port), address, () => start(() => socket.send('?')));
  socket.on('error', () => undefined);
} else {
  const socket = connect({ host: address, port: Number(port) }, () => start(() => socket.write('?')));
  // The greeting is not an answer to anything sent.
  answered = -1;
  socket.on('data', heard);
  socket.on('error', (error) => {
    console.log(`broken ${error.message}`);
    process.exit(1);
  });
}
