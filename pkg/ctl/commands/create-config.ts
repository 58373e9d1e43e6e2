// `create configmap` and `create secret generic|tls|docker-registry`.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type CommandGroup, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { arrayFlag, boolFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { asUtf8, readData } from '../generators/config-data.ts';
import { newObject } from '../generators/workloads.ts';
import { compareBytes } from '../objects/access.ts';
import { toCompactJson } from '../printers/json.ts';
import { createGenerated, generatedFlags, onlyName } from './create-generated.ts';

const sourceFlags = {
  'append-hash': boolFlag('Append a hash of the content to the name.'),
  'from-env-file': listFlag('File of key=val pairs, one a line; may be repeated.'),
  'from-file': listFlag('File, key=file, or directory whose files become keys; may be repeated.'),
  'from-literal': arrayFlag('Key and literal value, key=value; may be repeated.'),
};

export const createConfigMap = command({
  summary: 'Create a config map from a local file, directory or literal value',
  usage: 'NAME [--from-file=[key=]source] [--from-literal=key1=value1] [options]',
  examples: ['create configmap c --from-literal=a=b', 'create configmap c --from-file=./config'],
  flags: { ...generatedFlags, ...sourceFlags },
  async run(call, context) {
    const name = onlyName(call.args);
    const entries = await readEntries(call.flags, context, name);
    const data: JsonObject = {};
    const binaryData: JsonObject = {};
    for (const [key, bytes] of entries) {
      const asText = asUtf8(bytes);
      if (asText === undefined) binaryData[key] = bytes.toString('base64');
      else data[key] = asText;
    }
    const content = {
      ...(Object.keys(data).length > 0 && { data }),
      ...(Object.keys(binaryData).length > 0 && { binaryData }),
    };
    const suffix = call.flags['append-hash']
      ? `-${contentHash({ kind: 'ConfigMap', name, data, ...(Object.keys(binaryData).length > 0 && { binaryData }) })}`
      : '';
    return createGenerated(newObject('v1', 'ConfigMap', { name: name + suffix }, content), true, call, context);
  },
});

async function readEntries(
  flags: { 'from-literal': readonly string[]; 'from-file': readonly string[]; 'from-env-file': readonly string[] },
  context: Context,
  configMap?: string,
): Promise<[string, Buffer][]> {
  const found = await readData({
    literals: flags['from-literal'],
    files: flags['from-file'],
    envFiles: flags['from-env-file'],
    cwd: context.cwd,
    env: context.env,
    ...(configMap !== undefined && { configMap }),
  });
  return [...found].sort(([left], [right]) => compareBytes(left, right));
}

/** Ten letters that change with the content: kubectl's own form, hex digits that could spell words replaced. */
function contentHash(content: JsonObject): string {
  const hex = createHash('sha256').update(toCompactJson(content)).digest('hex').slice(0, 10);
  const letters: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };
  return Array.from(hex)
    .map((digit) => letters[digit] ?? digit)
    .join('');
}

function secret(name: string, type: string, data: readonly (readonly [string, Buffer])[], hash: boolean): JsonObject {
  const encoded = Object.fromEntries(data.map(([key, bytes]) => [key, bytes.toString('base64')]));
  const suffix = hash ? `-${contentHash({ kind: 'Secret', type, name, data: encoded })}` : '';
  return newObject(
    'v1',
    'Secret',
    { name: name + suffix },
    {
      ...(data.length > 0 && { data: encoded }),
      ...(type !== '' && { type }),
    },
  );
}

const generic = command({
  summary: 'Create a secret from a local file, directory, or literal value',
  usage: 'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [options]',
  flags: { ...generatedFlags, ...sourceFlags, type: stringFlag('The type of secret to create') },
  async run(call, context) {
    const name = onlyName(call.args);
    const data = await readEntries(call.flags, context);
    return createGenerated(secret(name, call.flags.type, data, call.flags['append-hash']), true, call, context);
  },
});

const tls = command({
  summary: 'Create a TLS secret',
  usage: 'NAME --cert=path/to/cert/file --key=path/to/key/file [options]',
  flags: {
    ...generatedFlags,
    'append-hash': sourceFlags['append-hash'],
    cert: stringFlag('Path to PEM encoded public key certificate.'),
    key: stringFlag('Path to private key associated with given certificate.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    if (call.flags.key === '' || call.flags.cert === '') throw new Failure('key and cert must be specified');
    const [cert, key] = await Promise.all([readOwn(call.flags.cert, context), readOwn(call.flags.key, context)]);
    await checkKeyPair(cert, key);
    const data = [['tls.crt', cert] as const, ['tls.key', key] as const];
    return createGenerated(secret(name, 'kubernetes.io/tls', data, call.flags['append-hash']), true, call, context);
  },
});

async function readOwn(path: string, context: Context): Promise<Buffer> {
  try {
    return await readFile(resolve(context.cwd, path));
  } catch (cause) {
    throw new Failure(`Cannot read file ${path}, open ${path}: no such file or directory`, { cause });
  }
}

async function checkKeyPair(cert: Buffer, key: Buffer): Promise<void> {
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      /no start line/i.test(reason)
        ? 'tls: failed to find any PEM data in certificate input'
        : /mismatch/i.test(reason)
          ? 'tls: private key does not match public key'
          : `tls: ${reason}`,
      { cause },
    );
  }
}

const dockerRegistry = command({
  summary: 'Create a secret for use with a Docker registry',
  usage:
    'NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [options]',
  flags: {
    ...generatedFlags,
    'append-hash': sourceFlags['append-hash'],
    'docker-email': stringFlag('Email for Docker registry'),
    'docker-password': stringFlag('Password for Docker registry authentication'),
    'docker-server': stringFlag('Server location for Docker registry', { default: 'https://index.docker.io/v1/' }),
    'docker-username': stringFlag('Username for Docker registry authentication'),
    'from-file': listFlag('An existing Docker configuration file.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const { flags } = call;
    let data: [string, Buffer][];
    if (flags['from-file'].length > 0) {
      const read = await readEntries(
        { 'from-literal': [], 'from-env-file': [], 'from-file': flags['from-file'] },
        context,
      );
      data = read.map(([key, bytes]) => [key === 'config.json' ? '.dockerconfigjson' : key, bytes]);
    } else {
      if (flags['docker-username'] === '')
        throw new Failure(
          'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
        );
      const username = flags['docker-username'];
      const password = flags['docker-password'];
      const email = flags['docker-email'];
      const entry = {
        username,
        password,
        ...(email !== '' && { email }),
        auth: Buffer.from(`${username}:${password}`).toString('base64'),
      };
      data = [['.dockerconfigjson', Buffer.from(JSON.stringify({ auths: { [flags['docker-server']]: entry } }))]];
    }
    return createGenerated(
      secret(name, 'kubernetes.io/dockerconfigjson', data, flags['append-hash']),
      true,
      call,
      context,
    );
  },
});

export const createSecret: CommandGroup = {
  summary: 'Create a secret with specified type',
  commands: [
    { name: 'docker-registry', summary: dockerRegistry.summary, load: async () => dockerRegistry },
    { name: 'generic', summary: generic.summary, load: async () => generic },
    { name: 'tls', summary: tls.summary, load: async () => tls },
  ],
};
