// `npm run up`: from a clone to a cluster that serves the sample app. Every step looks first whether its work is done, so that
// a second run takes seconds. Says what it does; ends with one sentence and exit code 1 when something is missing.
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt } from './ensure-built.ts';
import { ensureSampleImage } from './sample-image.ts';
import { ensureCommands, ensureEngine, MissingSoftware } from './system-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const started = Date.now();
const SAMPLE_URL = 'http://127.0.0.1:30080/';
const ANSWER_WITHIN_MS = 20_000;

function say(line: string): void {
  console.log(`==> [${((Date.now() - started) / 1000).toFixed(1).padStart(5)}s] ${line}`);
}

/** Runs tkctl with its output shown; throws when it fails. */
function tkctl(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${root}dist/tkctl.js`, ...args], { stdio: 'inherit', cwd: root });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new MissingSoftware(`tkctl ${args.join(' ')} failed; its output above says why`)),
    );
  });
}

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, timeout: 2000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 2 s')));
    call.on('error', reject);
    call.end();
  });
}

async function answerOf(url: string): Promise<string> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  for (;;) {
    try {
      return (await get(url)).trim();
    } catch (cause) {
      if (Date.now() > deadline) throw new MissingSoftware(`the sample app does not answer on ${url}`, { cause });
      await pause(100);
    }
  }
}

try {
  say('checking this machine');
  ensureCommands(['dockerd', 'iptables', 'nft', 'conntrack', 'ip', 'busybox'], say);
  await ensureEngine(say);
  await ensureBuilt(say);
  say('creating the cluster');
  await tkctl('cluster', 'create', ...process.argv.slice(2));
  await ensureSampleImage(`${root}manifests/examples/hello`, say);
  say('applying manifests/examples/app.yaml');
  await tkctl('apply', '-f', 'manifests/examples/app.yaml');
  say('waiting until it serves');
  await tkctl('rollout', 'status', 'deployment/hello', '--timeout=120s');
  const answer = await answerOf(SAMPLE_URL);
  say(`the cluster is up\n
    $ curl ${SAMPLE_URL}
    ${answer}

  Try next:
    ./tkctl get pods -o wide
    ./tkctl scale deployment/hello --replicas=5
    ./tkctl logs -l app=hello --prefix
    ./tkctl rollout restart deployment/hello && ./tkctl rollout status deployment/hello
    kubectl get all          (any kubectl works: the context typekube-typekube is current)
    npm run down             (removes every trace)
`);
} catch (error) {
  if (!(error instanceof MissingSoftware)) throw error;
  console.error(`up: ${error.message}`);
  process.exit(1);
}
