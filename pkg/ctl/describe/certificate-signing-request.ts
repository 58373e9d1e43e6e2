// Certificate signing requests, described with what their bytes ask for. Pure.
import { humanDuration } from '../../api/meta/duration.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { RequestedNames } from '../../pki/certificate-request.ts';
import { at, has, nameOf, number, objects, text } from '../objects/access.ts';
import { labelsText } from './label-text.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

const SUBJECT_FIELDS = [
  ['Organization', 'O'],
  ['Organizational Unit', 'OU'],
  ['Country', 'C'],
  ['Locality', 'L'],
  ['Province', 'ST'],
  ['StreetAddress', '2.5.4.9'],
  ['PostalCode', '2.5.4.17'],
] as const;
const SERIAL_NUMBER = '2.5.4.5';

export function describeSigningRequest(request: JsonObject, asked: RequestedNames, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(request));
  out.line(0, 'Labels', labelsText(at(request, 'metadata', 'labels')));
  out.line(0, 'Annotations', labelsText(at(request, 'metadata', 'annotations')));
  out.line(0, 'CreationTimestamp', localTime(text(request, 'metadata', 'creationTimestamp')));
  out.line(0, 'Requesting User', text(request, 'spec', 'username'));
  if (text(request, 'spec', 'signerName') !== '') out.line(0, 'Signer', text(request, 'spec', 'signerName'));
  if (has(request, 'spec', 'expirationSeconds'))
    out.line(0, 'Requested Duration', humanDuration(number(request, 'spec', 'expirationSeconds') * 1000));
  out.line(0, 'Status', statusText(request));
  out.write(0, 'Subject:\n');
  out.write(0, `\tCommon Name:\t${asked.subject('CN').at(-1) ?? ''}\n`);
  out.write(0, `\tSerial Number:\t${asked.subject(SERIAL_NUMBER).at(-1) ?? ''}\n`);
  for (const [label, field] of SUBJECT_FIELDS) writeValues(label, asked.subject(field), out);
  const alternatives = [
    ['DNS Names', asked.dnsNames],
    ['Email Addresses', asked.emailAddresses],
    ['URIs', asked.uris],
    ['IP Addresses', asked.ipAddresses],
  ] as const;
  if (alternatives.every(([, values]) => values.length === 0)) return;
  out.write(0, 'Subject Alternative Names:\n');
  for (const [label, values] of alternatives) writeValues(label, values, out);
}

function writeValues(label: string, values: readonly string[], out: DescriptionWriter): void {
  if (values.length > 0) out.write(0, `\t${label}:\t${values.join('\n\t\t')}\n`);
}

function statusText(request: JsonObject): string {
  const types = objects(request, 'status', 'conditions').map((condition) => text(condition, 'type'));
  const decision = types.includes('Denied') ? 'Denied' : types.includes('Approved') ? 'Approved' : 'Pending';
  const failed = types.includes('Failed') ? ',Failed' : '';
  const issued = text(request, 'status', 'certificate') === '' ? '' : ',Issued';
  return decision + failed + issued;
}
