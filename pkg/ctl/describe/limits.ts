// Limit ranges and resource quotas, described: alone, and as tables within the description of their namespace. Pure.
import { formatQuantity, parseQuantity, quantityOf, wholeValue } from '../../api/meta/quantity.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { compareBytes, nameOf, namespaceOf, object, objects, pairs, text, texts } from '../objects/access.ts';
import type { DescriptionWriter } from './writer.ts';

const LIMIT_COLUMNS = 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n';
const LIMIT_RULES = '----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n';

export function describeLimitRange(range: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(range));
  out.line(0, 'Namespace', namespaceOf(range));
  out.write(0, LIMIT_COLUMNS + LIMIT_RULES);
  writeLimits(range, '', out);
}

/** All limit ranges of a namespace as one table. */
export function writeLimitRanges(ranges: readonly JsonObject[], out: DescriptionWriter): void {
  if (ranges.length === 0) return out.write(0, 'No LimitRange resource.\n');
  out.write(0, `Resource Limits\n ${LIMIT_COLUMNS} ${LIMIT_RULES}`);
  for (const range of ranges) writeLimits(range, ' ', out);
}

function writeLimits(range: JsonObject, indent: string, out: DescriptionWriter): void {
  const columns = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'];
  for (const item of objects(range, 'spec', 'limits')) {
    const names = new Set(columns.flatMap((column) => Object.keys(object(item, column))));
    for (const name of [...names].sort(compareBytes)) {
      const cells = columns.map((column) => text(item, column, name) || '-');
      out.write(0, `${indent}${[text(item, 'type'), name, ...cells].join('\t')}\n`);
    }
  }
}

const SCOPES: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort:
    'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
};

function writeScopes(quota: JsonObject, level: number, bullet: string, out: DescriptionWriter): void {
  const scopes = texts(quota, 'spec', 'scopes').sort();
  if (scopes.length === 0) return;
  out.line(level, 'Scopes', scopes.join(', '));
  for (const scope of scopes) {
    const explained = SCOPES[scope];
    if (explained !== undefined) out.write(level, `${bullet}${explained}\n`);
  }
}

export function describeResourceQuota(quota: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(quota));
  out.line(0, 'Namespace', namespaceOf(quota));
  writeScopes(quota, 0, ' * ', out);
  out.write(0, 'Resource\tUsed\tHard\n--------\t----\t----\n');
  for (const [name, hard] of pairs(quota, 'status', 'hard'))
    out.write(0, `${name}\t${inFormatOf(hard, text(quota, 'status', 'used', name) || '0')}\t${hard}\n`);
}

/** What is used, written in the units of what there may be. */
function inFormatOf(hard: string, used: string): string {
  const [limit, amount] = [parseQuantity(hard), parseQuantity(used)];
  if (!limit.ok || !amount.ok || limit.quantity.format === amount.quantity.format) return used;
  return formatQuantity(quantityOf(wholeValue(used), limit.quantity.format));
}

/** All quotas of a namespace, by name. */
export function writeQuotas(quotas: readonly JsonObject[], out: DescriptionWriter): void {
  if (quotas.length === 0) return out.write(0, 'No resource quota.\n');
  out.write(0, 'Resource Quotas\n');
  for (const quota of [...quotas].sort((left, right) => compareBytes(nameOf(left), nameOf(right)))) {
    out.line(1, 'Name', nameOf(quota));
    writeScopes(quota, 1, '* ', out);
    out.write(1, 'Resource\tUsed\tHard\n');
    out.write(1, '--------\t---\t---\n');
    for (const [name, hard] of pairs(quota, 'status', 'hard'))
      out.write(1, `${name}\t${text(quota, 'status', 'used', name) || '0'}\t${hard}\n`);
  }
}
