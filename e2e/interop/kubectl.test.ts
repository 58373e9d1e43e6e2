// Stock kubectl of three minor versions, unmodified, through a day's work: everything it is used for beside containers (logs and
// exec have suites with real ones). What counts is that each version finds what it looks for; exact words are in other suites.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { HOLLOW_NODE, runHollowKubelet } from './hollow-kubelet.ts';

const RUN_WITHIN_MS = 60_000;
let server: ApiServerProcess;
let home: string;
let hollow: Promise<void>;
const ended = new AbortController();

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'typekube-interop-'));
  const controllers = '*,-node-lifecycle-controller,-taint-eviction-controller';
  [server] = await Promise.all([startApiServer({ controllers }), kubectlPath(31), kubectlPath(33), kubectlPath(35)]);
  hollow = runHollowKubelet(server, ended.signal);
});

afterAll(async () => {
  ended.abort();
  await hollow;
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

interface Kubectl {
  /** What it printed; throws with what it complained of unless it ended with `code`. */
  (args: string, stdin?: string, code?: number): Promise<string>;
  readonly binary: string;
  readonly env: NodeJS.ProcessEnv;
}

async function kubectlOf(minor: 31 | 33 | 35, namespace: string): Promise<Kubectl> {
  const binary = await kubectlPath(minor);
  const env = { PATH: process.env['PATH'] ?? '', HOME: join(home, String(minor)), KUBECONFIG: server.kubeconfig };
  const run = (args: string, stdin = '', code = 0) =>
    new Promise<string>((resolve, reject) => {
      const words = [`--namespace=${namespace}`, ...args.split(' ')];
      const child = execFile(binary, words, { env, timeout: RUN_WITHIN_MS }, (error, out, err) => {
        const got = error === null ? 0 : Number(error.code ?? -1);
        if (got === code) resolve(out + err);
        else reject(new Error(`kubectl ${args} ended with ${got}: ${out}${err}`));
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(stdin);
    });
  return Object.assign(run, { binary, env });
}

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: "1"}\n';

test.concurrent.each([31, 33, 35] as const)('kubectl 1.%d works', async (minor) => {
  const namespace = `work-${minor}`;
  const kubectl = await kubectlOf(minor, namespace);
  expect(await kubectl(`create namespace ${namespace}`)).toContain('created');
  await workloads(kubectl);
  await configuration(kubectl, namespace);
  await questions(kubectl);
  await watching(kubectl, namespace);
  expect(await kubectl('delete deployment,service,pod --all --wait')).toContain('deleted');
  expect(await kubectl(`delete namespace ${namespace} --timeout=40s`)).toContain('deleted');
});

async function workloads(kubectl: Kubectl): Promise<void> {
  expect(await kubectl('create deployment web --image=web:1 --replicas=2 --port=80')).toContain(
    'deployment.apps/web created',
  );
  expect(await kubectl('rollout status deployment/web --timeout=40s')).toContain('successfully rolled out');
  expect(await kubectl('expose deployment web --port=80 --target-port=8080')).toContain('service/web exposed');
  expect(await kubectl('scale deployment web --replicas=3')).toContain('scaled');
  expect(await kubectl('wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=40s')).toContain(
    'condition met',
  );
  expect(await kubectl('set image deployment/web web=web:2')).toContain('image updated');
  expect(await kubectl('rollout status deployment/web --timeout=40s')).toContain('successfully rolled out');
  expect(await kubectl('rollout history deployment/web')).toMatch(/^1 .*\n2 /m);
  expect(await kubectl('rollout undo deployment/web')).toContain('rolled back');
  expect(await kubectl('rollout status deployment/web --timeout=40s')).toContain('successfully rolled out');
  expect(await kubectl('get deployment web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe('web:1');
  expect(await kubectl('rollout restart deployment/web')).toContain('restarted');
  expect(await kubectl('rollout status deployment/web --timeout=40s')).toContain('successfully rolled out');
  expect(await kubectl('run one --image=one')).toContain('pod/one created');
  expect(await kubectl('wait --for=condition=Ready pod/one --timeout=40s')).toContain('condition met');
  const tables = await kubectl('get deployments,replicasets,pods,services,endpointslices');
  for (const header of [
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE$/m,
    /^NAME +DESIRED +CURRENT +READY +AGE$/m,
    /^NAME +READY +STATUS +RESTARTS +AGE$/m,
    /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE$/m,
    /^NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE$/m,
  ]) {
    expect(tables).toMatch(header);
  }
  expect(await kubectl('get pods -o wide')).toMatch(/ NOMINATED NODE +READINESS GATES/);
  expect(await kubectl('get pods -l app=web -o name')).toMatch(/^(pod\/web-\S+\n){3}$/);
  expect(await kubectl('get pods --field-selector=metadata.name=one -o custom-columns=N:.metadata.name')).toBe(
    'N\none\n',
  );
  expect(await kubectl('describe deployment web')).toContain(
    'RollingUpdateStrategy:  25% max unavailable, 25% max surge',
  );
  expect(await kubectl('describe service web')).toMatch(/Endpoints: +10\.88\./);
  expect(await kubectl('describe pod one')).toContain(`Node:             ${HOLLOW_NODE}`);
  expect(await kubectl('get events')).toContain('Scaled up replica set');
}

async function configuration(kubectl: Kubectl, namespace: string): Promise<void> {
  expect(await kubectl('apply -f -', MAP)).toBe('configmap/conf created\n');
  expect(await kubectl('apply -f -', MAP)).toBe('configmap/conf unchanged\n');
  const changed = MAP.replace('"1"', '"2"');
  expect(await kubectl('diff -f -', changed, 1)).toContain('+  a: "2"');
  expect(await kubectl('apply -f -', changed)).toBe('configmap/conf configured\n');
  expect(await kubectl('apply --server-side --force-conflicts -f -', MAP)).toBe('configmap/conf serverside-applied\n');
  expect(await kubectl('label configmap conf tier=front')).toContain('labeled');
  expect(await kubectl('annotate configmap conf note=read')).toContain('annotated');
  expect(await kubectl('patch configmap conf --type=merge -p {"data":{"b":"3"}}')).toContain('patched');
  expect(await kubectl('get configmap conf -o go-template={{.data.a}}{{.data.b}}{{.metadata.labels.tier}}')).toBe(
    '13front',
  );
  expect(await kubectl('replace -f -', MAP)).toContain('replaced');
  expect(await kubectl('create secret generic s --from-literal=a=b')).toContain('created');
  expect(await kubectl('create serviceaccount me')).toContain('created');
  expect(await kubectl('create token me')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\s*$/);
  expect(await kubectl(`auth can-i create pods --as=system:serviceaccount:${namespace}:me`)).toContain('yes');
  expect(await kubectl('delete configmap conf')).toContain('deleted');
  expect(await kubectl('get configmap conf', '', 1)).toContain('configmaps "conf" not found');
}

async function questions(kubectl: Kubectl): Promise<void> {
  const resources = await kubectl('api-resources --no-headers');
  expect(resources).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
  expect(await kubectl('api-versions')).toContain('discovery.k8s.io/v1\n');
  expect(await kubectl('explain deployment.spec.strategy')).toContain('rollingUpdate\t<RollingUpdateDeployment>');
  expect(await kubectl('version -o json')).toContain('"gitVersion": "v1.35.0"');
  expect(await kubectl('get nodes')).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION$/m);
  expect(await kubectl('get namespaces,leases,secrets,serviceaccounts,configmaps -A -o name')).toContain(
    'namespace/kube-system',
  );
  expect(await kubectl('get --raw /readyz')).toBe('ok');
  expect(await kubectl('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('admin');
}

async function watching(kubectl: Kubectl, namespace: string): Promise<void> {
  const args = [`--namespace=${namespace}`, 'get', 'secrets', '--watch', '-o', 'name'];
  const watch = spawn(kubectl.binary, args, { env: kubectl.env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const seen = new Promise<void>((resolve, reject) => {
      let text = '';
      watch.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('secret/later')) resolve();
      });
      watch.on('exit', () => reject(new Error(`the watch ended: ${text}`)));
    });
    expect(await kubectl('create secret generic later --from-literal=a=b')).toContain('created');
    await seen;
  } finally {
    watch.removeAllListeners('exit');
    watch.kill();
  }
}

test('nodes are cordoned, tainted and drained', async () => {
  const kubectl = await kubectlOf(35, 'default');
  expect(await kubectl(`cordon ${HOLLOW_NODE}`)).toContain('cordoned');
  expect(await kubectl('get nodes')).toMatch(/Ready,SchedulingDisabled/);
  expect(await kubectl(`drain ${HOLLOW_NODE} --ignore-daemonsets --force --timeout=40s`)).toContain('drained');
  expect(await kubectl(`taint node ${HOLLOW_NODE} a=b:NoSchedule`)).toContain('tainted');
  expect(await kubectl(`uncordon ${HOLLOW_NODE}`)).toContain('uncordoned');
});
