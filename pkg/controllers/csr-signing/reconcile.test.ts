import { describe, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { meta, NOW } from '../testing/objects.ts';
import { isToBeSigned, lifetimeMs, validity } from './reconcile.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function request(signerName: string, status: CertificateSigningRequest['status']): CertificateSigningRequest {
  const spec = { request: '', signerName };
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: meta('csr'),
    spec,
    status,
  };
}

describe('a request is signed', () => {
  const condition = (type: string, status = 'True') => ({ type, status });
  const signer = 'kubernetes.io/kubelet-serving';
  test.each([
    ['when it is approved', signer, { conditions: [condition('Approved')] }, true],
    ['not before', signer, {}, false],
    ['not when it is denied', signer, { conditions: [condition('Denied')] }, false],
    ['not when it has failed', signer, { conditions: [condition('Approved'), condition('Failed')] }, false],
    ['not twice', signer, { conditions: [condition('Approved')], certificate: 'x' }, false],
    ['not for signers of others', 'example.com/signer', { conditions: [condition('Approved')] }, false],
  ])('%s', (_, signerName, status, want) => {
    expect(isToBeSigned(request(signerName, status))).toBe(want);
  });
});

test.each([
  ['what is not asked for is the longest', undefined, DAY, DAY],
  ['less may be asked for', 3600, DAY, HOUR],
  ['more than the longest is not given', 1e7, DAY, DAY],
  ['less than ten minutes is not given', 60, DAY, 10 * MINUTE],
  ['a signer of short ones gives short ones', 3600, MINUTE, MINUTE],
])('%s', (_, seconds, longest, want) => {
  expect(lifetimeMs(seconds, longest)).toBe(want);
});

describe('a certificate is good', () => {
  test('from five minutes ago, so that clocks may lag', () => {
    expect(validity(NOW, HOUR)).toEqual({ notBefore: NOW - 5 * MINUTE, notAfter: NOW + HOUR });
    expect(validity(NOW, DAY)).toEqual({ notBefore: NOW - 5 * MINUTE, notAfter: NOW - 5 * MINUTE + DAY });
  });
  test('from a tenth of its life ago if it lives for minutes only', () => {
    expect(validity(NOW, MINUTE)).toEqual({ notBefore: NOW - 6_000, notAfter: NOW + MINUTE });
  });
});
