// Starts the load generator with an order and waits for its report.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from '../load/order.ts';

const generator = fileURLToPath(new URL('../load/generator.ts', import.meta.url));

export function runLoad(order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [generator, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (errors += part));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Report);
      else reject(new Error(`the load generator failed (${order.do}): ${errors.slice(-2000)}`));
    });
  });
}
