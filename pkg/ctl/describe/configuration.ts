// Config maps, secrets, service accounts and namespaces, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, nameOf, objects, pairs, text } from '../objects/access.ts';
import { describeHead } from './generic.ts';
import type { DescriptionWriter } from './writer.ts';

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

export function describeServiceAccount(account: JsonObject, tokens: readonly string[], out: DescriptionWriter): void {
  describeHead(account, out);
  const names = (field: string) => objects(account, field).map((reference) => text(reference, 'name'));
  out.list('Image pull secrets', names('imagePullSecrets'));
  if (names('secrets').length > 0) out.list('Mountable secrets', names('secrets'));
  if (tokens.length > 0) out.list('Tokens', tokens);
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
    out.write(0, 'Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n');
    out.write(1, '----\t------\t------------------\t------\t-------\n');
    for (const condition of conditions)
      out.write(
        1,
        `${text(condition, 'type')} \t${text(condition, 'status')} \t${text(condition, 'lastTransitionTime')} \t${text(condition, 'reason')} \t${text(condition, 'message')}\n`,
      );
  }
  if (more.quotas !== undefined) writeQuotas(more.quotas, out);
  if (more.limits !== undefined && more.limits.length === 0) out.write(0, '\nNo LimitRange resource.\n');
  else for (const limit of more.limits ?? []) out.write(0, `\nResource Limits\n Name:\t${nameOf(limit)}\n`);
}

function writeQuotas(quotas: readonly JsonObject[], out: DescriptionWriter): void {
  if (quotas.length === 0) return out.write(0, '\nNo resource quota.\n');
  out.write(0, '\nResource Quotas\n');
  for (const quota of [...quotas].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    out.write(0, `  Name:\t${nameOf(quota)}\n  Resource\tUsed\tHard\n  --------\t---\t---\n`);
    for (const [name, hard] of pairs(quota, 'status', 'hard'))
      out.write(0, `  ${name}\t${text(quota, 'status', 'used', name) || '0'}\t${hard}\n`);
  }
}
