// CertificateSigningRequests: who asks is taken from who is asking, never from the object.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { humanDuration } from '../../meta/duration.ts';
import { certificateSigningRequests } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { CertificateSigningRequest } from '../../schema/generated/certificates.v1.gen.ts';
import { prepareSigning, signingFaults } from './approval-rules.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const SIGNER_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+)\/.+$/;
const PEM = /-----BEGIN CERTIFICATE REQUEST-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE REQUEST-----/;
const SHORTEST_SECONDS = 600;
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';

export const certificateSigningRequestKind = defineKind<CertificateSigningRequest>({
  type: certificateSigningRequests,
  schema: 'certificates.v1.CertificateSigningRequest',
  shortNames: ['csr'],
  hasStatus: true,
  subresources: [
    subresource('approval', 'certificates.k8s.io/v1', 'CertificateSigningRequest', 'get', 'patch', 'update'),
  ],
  columns: columns(
    age(),
    text(
      'SignerName',
      'signerName indicates the requested signer, and is a qualified name.',
      ({ spec }) => spec.signerName || '<none>',
    ),
    text(
      'Requestor',
      'username contains the name of the user that created the CertificateSigningRequest.',
      ({ spec }) => spec.username ?? '',
    ),
    text(
      'RequestedDuration',
      'expirationSeconds is the requested duration of validity of the issued certificate.',
      ({ spec }) => (spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000)),
    ),
    text('Condition', 'The conditions of the request and whether it has been issued', conditionCell),
  ),
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName },
  setDefaults(request) {
    request.spec ??= { request: '', signerName: '' };
    request.status ??= {};
  },
  prepareForCreate(request, { user }) {
    request.spec.username = user.name;
    if (user.groups.length > 0) request.spec.groups = [...user.groups];
    else delete request.spec.groups;
    if (user.uid !== undefined && user.uid !== '') request.spec.uid = user.uid;
    else delete request.spec.uid;
    const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
    if (extra.length > 0) request.spec.extra = Object.fromEntries(extra);
    else delete request.spec.extra;
  },
  prepareForUpdate(request, old) {
    // A request is what it was when it was made.
    request.spec = old.spec;
  },
  prepareForStatusUpdate(request, old, { now }) {
    prepareSigning(request, old, now);
  },
  validate({ spec }) {
    const faults = new Faults();
    faults.at('spec', () => {
      const { usages = [], expirationSeconds } = spec;
      const request = spec.request ?? '';
      const signerName = spec.signerName ?? '';
      if (!PEM.test(Buffer.from(request, 'base64').toString())) {
        faults.invalid('request', request, 'PEM block type must be CERTIFICATE REQUEST');
      }
      if (usages.length === 0) faults.required('usages', 'usages must be provided');
      usages.forEach((usage, i) => {
        if (!USAGES.includes(usage)) faults.notSupported(['usages', i], usage, USAGES);
        if (usages.indexOf(usage) < i) faults.duplicate(['usages', i], usage);
      });
      if (signerName === '') faults.required('signerName', 'signerName must be provided');
      else if (!SIGNER_NAME.test(signerName)) {
        faults.invalid(
          'signerName',
          signerName,
          "must be a fully qualified domain and path of the form 'example.com/signer-name'",
        );
      } else if (signerName === LEGACY_SIGNER) {
        faults.invalid('signerName', signerName, 'the legacy signerName is not allowed via this API version');
      }
      if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS) {
        faults.invalid(
          'expirationSeconds',
          expirationSeconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        );
      }
    });
    return faults.errors;
  },
  validateStatusUpdate: signingFaults,
  validateUpdate(request, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(request.spec, old.spec)) faults.invalid('spec', request.spec, IMMUTABLE);
    return faults.errors;
  },
});

function conditionCell({ status }: CertificateSigningRequest): string {
  const types = (status.conditions ?? []).map(({ type }) => type);
  const words: string[] = [];
  if (types.includes('Denied')) words.push('Denied');
  if (types.includes('Approved')) words.push('Approved');
  if (types.includes('Failed')) words.push('Failed');
  if (words.length === 0) words.push('Pending');
  if (status.certificate) words.push('Issued');
  return words.join(',');
}
