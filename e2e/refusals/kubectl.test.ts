// What a person reads who gives kubectl something bad: the words and exit codes of stock kubectl against Kubernetes.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureAuthority, ensureCertificate } from '../../pkg/pki/certificate-files.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { kubectlPath } from '../support/kubectl.ts';

const RUN_WITHIN_MS = 60_000;
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

let server: ApiServerProcess;
let kubectl: string;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'typekube-refusals-'));
  [server, kubectl] = await Promise.all([startApiServer(), kubectlPath(35)]);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Without a kubeconfig when `args` say which server. */
function run(args: readonly string[], stdin = '', kubeconfig = server.kubeconfig): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: directory, KUBECONFIG: kubeconfig };
    const child = execFile(kubectl, args, { env, timeout: RUN_WITHIN_MS }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out.trim(), err: err.trim() });
    });
    // A command that refuses its arguments does not read them.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

const map = (rest: string) => `apiVersion: v1\nkind: ConfigMap\n${rest}\n`;

describe('apply', () => {
  test.each<{ name: string; yaml: string; flags?: string[]; want: string }>([
    {
      name: 'YAML that is none',
      yaml: 'a: [\n',
      want: 'error: error parsing STDIN: error converting YAML to JSON: yaml: line 1: did not find expected node content',
    },
    {
      name: 'an object without a kind',
      yaml: 'apiVersion: v1\nmetadata: {name: a}\n',
      want: 'error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false',
    },
    {
      name: 'an object without a version',
      yaml: 'kind: ConfigMap\nmetadata: {name: a}\n',
      want: 'error: error validating "STDIN": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false',
    },
    {
      name: 'a group that there is not',
      yaml: 'apiVersion: foo.example.com/v1\nkind: Foo\nmetadata: {name: a}\n',
      want: 'error: resource mapping not found for name: "a" namespace: "" from "STDIN": no matches for kind "Foo" in version "foo.example.com/v1"\nensure CRDs are installed first',
    },
    {
      name: 'an unknown field',
      yaml: map('metadata: {name: a}\nfoo: 1'),
      want: 'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"',
    },
    {
      name: 'an unknown field in a nested object',
      yaml: 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, imag: j}]}\n',
      want: 'Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].imag"',
    },
    {
      name: 'an unknown field on the server’s side',
      yaml: map('metadata: {name: a}\nfoo: 1'),
      flags: ['--server-side'],
      want: 'Error from server: failed to create typed patch object (default/a; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    },
    {
      name: 'a number where a text belongs',
      yaml: map('metadata: {name: a}\ndata: {a: 1}'),
      want: 'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    },
    {
      name: 'a text where a number belongs',
      yaml: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: "two"}\n',
      want: 'Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    },
    {
      name: 'a Deployment of nothing',
      yaml: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {}\n',
      want: 'The Deployment "d" is invalid: \n* spec.selector: Required value\n* spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`\n* spec.template.spec.containers: Required value',
    },
    {
      name: 'a bad name',
      yaml: map('metadata: {name: A_b}'),
      want: `The ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": ${SUBDOMAIN}`,
    },
    {
      name: 'a bad name in a trial run',
      yaml: map('metadata: {name: A_b}'),
      flags: ['--dry-run=server'],
      want: `The ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": ${SUBDOMAIN}`,
    },
    {
      name: 'a namespace that there is not',
      yaml: map('metadata: {name: a, namespace: none}'),
      want: 'Error from server (NotFound): error when creating "STDIN": namespaces "none" not found',
    },
    { name: 'nothing', yaml: '# nothing\n', want: 'error: no objects passed to apply' },
    {
      name: 'a port that is none',
      yaml: 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 70000}]}\n',
      want: 'The Service "s" is invalid: \n* spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive\n* spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    },
  ])('$name', async ({ yaml, flags = [], want }) => {
    expect(await run(['apply', ...flags, '-f', '-'], yaml)).toEqual({ code: 1, out: '', err: want });
  });

  test('warns of an unknown field when asked to warn only, and drops it', async () => {
    const warned = await run(['apply', '--validate=warn', '-f', '-'], map('metadata: {name: warned}\nfoo: 1'));
    expect(warned).toEqual({ code: 0, out: 'configmap/warned created', err: 'Warning: unknown field "foo"' });
  });

  test('says nothing of an unknown field when asked not to', async () => {
    const ignored = await run(['apply', '--validate=false', '-f', '-'], map('metadata: {name: ignored}\nfoo: 1'));
    expect(ignored).toEqual({ code: 0, out: 'configmap/ignored created', err: '' });
  });

  test('makes what is good beside what is bad', async () => {
    const both = `${map('metadata: {name: good}')}---\n${map('metadata: {name: Bad_}')}`;
    const { code, out, err } = await run(['apply', '-f', '-'], both);
    expect({ code, out }).toEqual({ code: 1, out: 'configmap/good created' });
    expect(err).toContain('The ConfigMap "Bad_" is invalid');
  });
});

test.each<{ args: string[]; want: string }>([
  {
    args: ['get', 'pods', '-l', 'a in ('],
    want: `Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "a in (", field selector "": unable to parse requirement: found '', expected: ',', ')' or identifier`,
  },
  {
    args: ['get', 'pods', '-l', 'a==b==c'],
    want: `Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "a==b==c", field selector "": found '==', expected: ',' or 'end of string'`,
  },
  {
    args: ['get', 'pods', '--field-selector', 'foo=bar'],
    want: 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "foo=bar": field label not supported: foo',
  },
  { args: ['get', 'foos'], want: `error: the server doesn't have a resource type "foos"` },
  { args: ['get', 'cm', 'none'], want: 'Error from server (NotFound): configmaps "none" not found' },
  { args: ['delete', 'cm', 'none'], want: 'Error from server (NotFound): configmaps "none" not found' },
  {
    args: ['scale', 'deploy', 'none', '--replicas=1'],
    want: 'Error from server (NotFound): deployments.apps "none" not found',
  },
  {
    args: ['create', 'namespace', 'default'],
    want: 'Error from server (AlreadyExists): namespaces "default" already exists',
  },
  { args: ['exec', 'none', '--', 'ls'], want: 'Error from server (NotFound): pods "none" not found' },
  { args: ['logs', 'none'], want: 'error: error from server (NotFound): pods "none" not found in namespace "default"' },
  {
    args: ['get', '--raw', '/nope'],
    want: 'Error from server (NotFound): the server could not find the requested resource',
  },
  {
    args: ['patch', 'namespace', 'default', '--type=json', '-p', '{}'],
    want: 'Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  },
  {
    args: ['delete', 'namespace', 'default'],
    want: 'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
  },
])('kubectl $args', async ({ args, want }) => {
  expect(await run(args)).toEqual({ code: 1, out: '', err: want });
});

test('bodies that are too large are refused by their size', async () => {
  const write = (name: string, bytes: number) => {
    const file = join(directory, name);
    writeFileSync(file, map(`metadata: {name: large}\ndata:\n  a: ${'a'.repeat(bytes)}`));
    return file;
  };
  const [kept, read] = [write('kept.yaml', 1_200_000), write('read.yaml', 3_500_000)];
  expect((await run(['create', '-f', kept])).err).toBe(
    'The ConfigMap "large" is invalid: []: Too long: may not be more than 1048576 bytes',
  );
  expect((await run(['create', '-f', read])).err).toBe(
    `Error from server (RequestEntityTooLarge): error when creating "${read}": Request entity too large: limit is 3145728`,
  );
});

describe('who is not let in, or does not trust', () => {
  const at = (...flags: string[]) => run([`--server=${server.url}`, ...flags, 'get', 'namespaces'], '', '/dev/null');
  const unauthorized = 'error: You must be logged in to the server (Unauthorized)';

  test('a token that nobody gave out', async () => {
    expect((await at(`--certificate-authority=${server.caFile}`, '--token=wrong')).err).toBe(unauthorized);
  });

  test('a certificate of another authority', async () => {
    const now = Date.now();
    const other = await ensureAuthority(directory, now);
    const subject = { commonName: 'admin', organizations: ['system:masters'], usages: ['client' as const] };
    await ensureCertificate(directory, 'stranger', other, subject, now);
    const flags = ['crt', 'key'].map((part) =>
      part === 'crt' ? `--client-certificate=${directory}/stranger.crt` : `--client-key=${directory}/stranger.key`,
    );
    expect((await at(`--certificate-authority=${server.caFile}`, ...flags)).err).toBe(unauthorized);
  });

  test('a server of an authority that is not trusted', async () => {
    const { code, err } = await at(`--certificate-authority=${join(directory, 'ca.crt')}`, `--token=${server.token}`);
    expect(code).toBe(1);
    expect(err).toContain('tls: failed to verify certificate: x509: certificate signed by unknown authority');
  });

  test('nobody at the address', async () => {
    const { code, err } = await run(['--server=https://127.0.0.1:1', '--token=x', 'get', 'ns'], '', '/dev/null');
    expect(code).toBe(1);
    expect(err).toContain('The connection to the server 127.0.0.1:1 was refused');
  });
});
