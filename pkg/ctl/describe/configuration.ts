// Config maps, secrets, service accounts and namespaces, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, nameOf, objects, pairs, text } from '../objects/access.ts';
import { describeHead } from './generic.ts';
import { writeLimitRanges, writeQuotas } from './limits.ts';
import { writeDatedConditions, type DescriptionWriter } from './writer.ts';

export function describeConfigMap(map: JsonObject, out: DescriptionWriter): void {
  describeHead(map, out);
  out.write(0, '\nData\n====\n');
  for (const [key, value] of pairs(map, 'data')) out.write(0, `${key}:\n----\n${value}\n\n`);
  out.write(0, '\nBinaryData\n====\n');
  for (const [key, value] of pairs(map, 'binaryData')) out.write(0, `${key}: ${byteCount(value)} bytes\n`);
  out.write(0, '\n');
}

export function describeSecret(secret: JsonObject, out: DescriptionWriter): void {
  describeHead(secret, out);
  out.write(0, `\nType:\t${text(secret, 'type')}\n`);
  out.write(0, '\nData\n====\n');
  for (const [key, value] of pairs(secret, 'data')) {
    const isToken = key === 'token' && text(secret, 'type') === 'kubernetes.io/service-account-token';
    out.line(0, key, isToken ? Buffer.from(value, 'base64').toString('utf8') : `${byteCount(value)} bytes`);
  }
}

function byteCount(base64: string): number {
  return Buffer.from(base64, 'base64').length;
}

export function describeServiceAccount(account: JsonObject, out: DescriptionWriter): void {
  describeHead(account, out);
  out.list(
    'Image pull secrets',
    objects(account, 'imagePullSecrets').map((reference) => text(reference, 'name')),
  );
}

/** `quotas` and `limits`: undefined when the server has no such thing. */
export function describeNamespace(
  namespace: JsonObject,
  more: { quotas: readonly JsonObject[] | undefined; limits: readonly JsonObject[] | undefined },
  out: DescriptionWriter,
): void {
  out.line(0, 'Name', nameOf(namespace));
  out.labels('Labels', at(namespace, 'metadata', 'labels'));
  out.annotations('Annotations', at(namespace, 'metadata', 'annotations'));
  out.line(0, 'Status', text(namespace, 'status', 'phase'));
  const conditions = objects(namespace, 'status', 'conditions');
  if (conditions.length > 0) {
    out.write(0, 'Conditions:\n');
    writeDatedConditions(conditions, out);
  }
  if (more.quotas !== undefined) {
    out.write(0, '\n');
    writeQuotas(more.quotas, out);
  }
  if (more.limits !== undefined) {
    out.write(0, '\n');
    writeLimitRanges(more.limits, out);
  }
}
