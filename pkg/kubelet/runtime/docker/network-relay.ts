// A connection to a port of a pod's loopback: a relay is started inside the pod's network namespace by `nsenter`, and its
// standard streams are the connection. The relay ends with the connection, and the other way round.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { RuntimeError } from '../runtime.ts';

/** Copies its standard streams to a port of localhost. */
const RELAY = `const s=require('node:net').connect({host:'localhost',port:Number(process.argv[1])});
s.on('error',e=>{process.stderr.write(e.message);process.exit(1)});process.stdin.pipe(s);s.pipe(process.stdout);
s.on('close',()=>process.exit(0))`;

const MOST_COMPLAINT_BYTES = 1000;

/** `pid`: a process in that network, seen from here. Rejects when `nsenter` cannot be started. */
export function relayInto(pid: number, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const entering = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', RELAY, String(port)];
    const child = spawn('nsenter', entering, { stdio: ['pipe', 'pipe', 'pipe'], signal });
    child.once('error', (cause) => reject(new RuntimeError('cannot enter the network of the pod', { cause })));
    child.once('spawn', () => resolve(new RelayStream(child)));
  });
}

class RelayStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super({ allowHalfOpen: true });
    this.#child = child;
    let complaint = '';
    child.on('error', (error) => this.destroy(error)); // aborted
    child.stdin.on('error', () => undefined); // the server has closed: told by the end of its output
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(0, MOST_COMPLAINT_BYTES);
    });
    child.stdout.on('data', (data: Buffer) => {
      if (!this.push(data)) child.stdout.pause();
    });
    // After both its output and its exit code.
    child.once('close', (code) => {
      if (code !== 0 && complaint !== '') this.destroy(new RuntimeError(complaint));
      else {
        this.push(null);
        this.end();
      }
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#child.stdin.writable) done();
    else this.#child.stdin.write(data, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    // Once the relay has ended its input is closed already, and no callback of it would come.
    if (!this.#child.stdin.writable) done();
    else this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill('SIGKILL');
    done(error);
  }
}
