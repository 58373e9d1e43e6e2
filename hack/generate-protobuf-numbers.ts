// Writes the numbers that fields have in Kubernetes' protobuf encoding (pkg/api/schema/decode-protobuf-numbers.ts). They are
// part of the wire format and never change. Read from the descriptors that a kubectl binary up to 1.33 carries:
//   node hack/generate-protobuf-numbers.ts PATH/TO/kubectl
// and, for younger fields, from the list below. The output is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { fields } from '../pkg/api/schema/generated/fields.gen.ts';

const output = fileURLToPath(new URL('../pkg/api/schema/decode-protobuf-numbers.ts', import.meta.url));

/** Fields that came after the last kubectl with descriptors, read off the struct tags in later ones. */
const YOUNGER: Readonly<Record<string, string>> = {
  'core.v1.Container': 'restartPolicyRules=25',
  'core.v1.ContainerExtendedResourceRequest': 'containerName=1 resourceName=2 requestName=3',
  'core.v1.ContainerRestartRule': 'action=1 exitCodes=2',
  'core.v1.ContainerRestartRuleOnExitCodes': 'operator=1 values=2',
  'core.v1.EnvVarSource': 'fileKeyRef=5',
  'core.v1.EphemeralContainerCommon': 'restartPolicyRules=25',
  'core.v1.FileKeySelector': 'volumeName=1 path=2 key=3 optional=4',
  'core.v1.NodeStatus': 'declaredFeatures=14',
  'core.v1.PodCertificateProjection':
    'signerName=1 keyType=2 maxExpirationSeconds=3 credentialBundlePath=4 keyPath=5 certificateChainPath=6 userAnnotations=7',
  'core.v1.PodExtendedResourceClaimStatus': 'requestMappings=1 resourceClaimName=2',
  'core.v1.PodSpec': 'hostnameOverride=41',
  'core.v1.PodStatus': 'extendedResourceClaimStatus=18 allocatedResources=19 resources=20',
  'core.v1.VolumeProjection': 'podCertificate=6',
  'storage.v1.CSIDriverSpec': 'serviceAccountTokenInSecrets=10',
  'storage.v1.VolumeAttributesClass': 'metadata=1 driverName=2 parameters=3',
  'storage.v1.VolumeAttributesClassList': 'metadata=1 items=2',
};

interface Field {
  readonly name: string;
  readonly number: number;
  /** Of a message, as `core.v1.VolumeSource`. */
  readonly message: string | undefined;
}

/** The fields of one protobuf message: number, wire type, and the bytes or the value. */
function* parts(bytes: Buffer): Generator<{ number: number; bytes: Buffer; value: number }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, bytes: Buffer.alloc(0), value: varint() };
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        yield { number, bytes: bytes.subarray(at, at + length), value: 0 };
        at += length;
        break;
      }
      default:
        at += 4;
    }
  }
}

/** `.k8s.io.api.core.v1.Pod` is `core.v1.Pod`. */
function typeName(message: string): string {
  return message.split('.').slice(-3).join('.');
}

const messages = new Map<string, Field[]>();

function readFile(file: Buffer): void {
  const all = [...parts(file)];
  const name = all.find(({ number }) => number === 2)?.bytes.toString() ?? '';
  for (const { number, bytes } of all) {
    if (number !== 4) continue;
    const message = [...parts(bytes)];
    const own = message.find((part) => part.number === 1)?.bytes.toString() ?? '';
    const known = message
      .filter((part) => part.number === 2)
      .map(({ bytes: field }): Field => {
        const cells = [...parts(field)];
        const type = cells.find((cell) => cell.number === 6)?.bytes.toString();
        return {
          name: cells.find((cell) => cell.number === 1)?.bytes.toString() ?? '',
          number: cells.find((cell) => cell.number === 3)?.value ?? 0,
          message: type === undefined ? undefined : typeName(type),
        };
      });
    messages.set(typeName(`${name}.${own}`), known);
  }
}

const binary = readFileSync(process.argv[2] ?? '');
const GZIP = Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]);
for (let at = binary.indexOf(GZIP); at >= 0; at = binary.indexOf(GZIP, at + 1)) {
  try {
    const file = gunzipSync(binary.subarray(at, at + 200_000), { finishFlush: 2 });
    if (file.subarray(0, 120).includes('generated.proto')) readFile(file);
  } catch {
    // Not every such byte sequence is a compressed file.
  }
}

const inlined = new Set<string>();

/** Protobuf names differ from JSON's in case only, if at all. */
function jsonName(name: string, names: readonly string[]): string | undefined {
  return names.find((known) => known === name) ?? names.find((known) => known.toLowerCase() === name.toLowerCase());
}

function numbersOf(type: string, names: readonly string[]): string {
  const numbers = (messages.get(type) ?? []).flatMap(({ name, number, message }) => {
    const known = jsonName(name, names);
    if (known !== undefined) return [`${known}=${number}`];
    if (message === undefined || !messages.has(message)) return [];
    inlined.add(message);
    return [`:${message}=${number}`];
  });
  return [...numbers, ...(YOUNGER[type] ?? '').split(' ').filter(Boolean)].join(' ');
}

const table = new Map<string, string>();
for (const [type, known] of Object.entries(fields)) {
  const numbers = numbersOf(type, Object.keys(known));
  if (numbers !== '') table.set(type, numbers);
}
// Messages that JSON shows as part of the message around them have no table of their own: their names are taken as they are.
for (const type of inlined) {
  const names = (messages.get(type) ?? []).map(({ name }) => name);
  if (!table.has(type)) table.set(type, numbersOf(type, names));
}

const lines = [...table]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([type, numbers]) => `  '${type}': '${numbers}',`);
writeFileSync(
  output,
  `// Generated by hack/generate-protobuf-numbers.ts. Do not edit.
// Field numbers of Kubernetes' protobuf messages: \`name=number\`; \`:Type=number\` is a message whose fields JSON shows as
// fields of the message around it.
export const protobufNumbers: Readonly<Record<string, string>> = {
${lines.join('\n')}
};
`,
);
console.log(`${lines.length} messages`);
