// `npm run up`: from a clone to a cluster that serves the sample app, on this machine or, with `-- --workers 3` and whatever else
// `tkctl cluster create` takes, on nodes in containers. Every step looks first whether its work is done, so that
// a second run takes seconds. Says what it does; ends with one sentence and exit code 1 when something is missing.
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt } from './ensure-built.ts';
import { readNodesRecord } from '../pkg/cluster/nodes/nodes-record.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from './sample-image.ts';
import { ensureCommands, ensureEngine, MissingSoftware } from './system-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const started = Date.now();
const NODE_PORT = 30080;
const SAMPLE_URL = `http://127.0.0.1:${NODE_PORT}/`;
const LOCAL_COMMANDS = ['dockerd', 'iptables', 'nft', 'conntrack', 'ip', 'busybox'];
const DEFAULT_NAME = 'typekube';
/** Flags of `cluster create` whose value is the next argument. */
const WITH_VALUE = /^--(workers|control-planes|config|port|store|etcd-servers)$/;
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

/** The argument of `cluster create` that is no flag and no flag's value. */
function nameAmong(asked: readonly string[]): string {
  return asked.find((text, at) => !text.startsWith('-') && !WITH_VALUE.test(asked[at - 1] ?? '')) ?? DEFAULT_NAME;
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

async function applySample(): Promise<void> {
  say('applying manifests/examples/app.yaml');
  await tkctl('apply', '-f', 'manifests/examples/app.yaml');
  say('waiting until it serves');
  await tkctl('rollout', 'status', 'deployment/hello', '--timeout=120s');
}

async function upHere(asked: readonly string[]): Promise<string> {
  await tkctl('cluster', 'create', ...asked);
  await ensureSampleImage(`${root}manifests/examples/hello`, say);
  await applySample();
  return `
    $ curl ${SAMPLE_URL}
    ${await answerOf(SAMPLE_URL)}`;
}

async function upInContainers(asked: readonly string[], name: string): Promise<string> {
  // A second run must ask for the same, so the port is asked for by everybody who did not ask for one.
  const port = asked.some((flag) => flag.startsWith('--port')) ? [] : ['--port', `${NODE_PORT}:${NODE_PORT}`];
  await tkctl('cluster', 'create', ...asked, ...port);
  await ensureSampleImage(`${root}manifests/examples/hello`, say);
  await tkctl('cluster', 'load-image', name, SAMPLE_IMAGE);
  await applySample();
  await tkctl('get', 'pods', '-o', 'wide', '-l', 'app=hello');
  const lines: string[] = [];
  for (const { name: node, role, address } of readNodesRecord(name, process.env)?.containers ?? []) {
    if (role === 'load-balancer') continue;
    const url = `http://${address}:${NODE_PORT}/`;
    lines.push(`    $ curl ${url}   (${node})`, `    ${await answerOf(url)}`);
  }
  if (port.length > 0) lines.push(`    $ curl ${SAMPLE_URL}`, `    ${await answerOf(SAMPLE_URL)}`);
  return `\n${lines.join('\n')}`;
}

try {
  say('checking this machine');
  const asked = process.argv.slice(2);
  const inContainers = asked.some((flag) => /^--(workers|control-planes|config|port)(=|$)/.test(flag));
  ensureCommands(inContainers ? ['dockerd', 'iptables', 'busybox'] : LOCAL_COMMANDS, say);
  await ensureEngine(say);
  await ensureBuilt(say);
  say('creating the cluster');
  const name = nameAmong(asked);
  const down = name === DEFAULT_NAME ? 'npm run down' : `npm run down -- ${name}`;
  const answers = inContainers ? await upInContainers(asked, name) : await upHere(asked);
  say(`the cluster is up
${answers}

  Try next:
    ./tkctl get pods -o wide
    ./tkctl scale deployment/hello --replicas=5
    ./tkctl logs -l app=hello --prefix
    ./tkctl rollout restart deployment/hello && ./tkctl rollout status deployment/hello
    kubectl get all          (any kubectl works: the context typekube-${name} is current)
    ${down.padEnd(24)} (removes every trace)
`);
} catch (error) {
  if (!(error instanceof MissingSoftware)) throw error;
  console.error(`up: ${error.message}`);
  process.exit(1);
}
