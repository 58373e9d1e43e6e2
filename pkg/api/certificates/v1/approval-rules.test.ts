import { describe, expect, test } from 'vitest';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../schema/generated/certificates.v1.gen.ts';
import { approvalFaults, prepareApproval, prepareSigning, signingFaults } from './approval-rules.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const TIME = '2026-06-01T12:00:00Z';
const CERTIFICATE = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString('base64');

function condition(type: string, more: Partial<CertificateSigningRequestCondition> = {}) {
  return { type, status: 'True', ...more };
}

function request(
  conditions: readonly CertificateSigningRequestCondition[] = [],
  certificate?: string,
): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: TIME },
    spec: { request: 'r', signerName: 'example.com/x' },
    status: {
      ...(conditions.length > 0 && { conditions: [...conditions] }),
      ...(certificate !== undefined && { certificate }),
    },
  };
}

const fields = (faults: readonly { field: string; body: string }[]) =>
  faults.map(({ field, body }) => `${field}: ${body}`);

describe('approving', () => {
  test('changes conditions and nothing else, and says when', () => {
    const next = request([condition('Approved')], 'forged');
    next.spec = { ...next.spec, signerName: 'example.com/other' };
    prepareApproval(next, request(), NOW);
    expect(next.spec.signerName).toBe('example.com/x');
    expect(next.status).toEqual({
      conditions: [condition('Approved', { lastUpdateTime: TIME, lastTransitionTime: TIME })],
    });
  });
  test('keeps the time of a condition that was there', () => {
    const old = request([condition('Approved', { lastTransitionTime: '2026-01-01T00:00:00Z' })]);
    const next = request([condition('Approved', { message: 'again' })]);
    prepareApproval(next, old, NOW);
    expect(next.status.conditions?.[0]).toMatchObject({ lastTransitionTime: '2026-01-01T00:00:00Z', message: 'again' });
  });
  test.each([
    [
      'both ways',
      [condition('Approved'), condition('Denied')],
      [],
      'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ],
    [
      'half',
      [condition('Approved', { status: 'False' })],
      [],
      'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    ],
    ['without a type', [condition('')], [], 'status.conditions[0].type: Required value'],
    ['twice', [condition('Approved'), condition('Approved')], [], 'status.conditions[1]: Duplicate value: "Approved"'],
    [
      'and taking it back',
      [],
      [condition('Approved')],
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    ],
  ])('%s is refused', (_, now, before, fault) => {
    expect(fields(approvalFaults(request(now), request(before)))).toEqual([fault]);
  });
});

describe('signing', () => {
  test('leaves decisions as they are', () => {
    const next = request([condition('Approved'), condition('Failed')], CERTIFICATE);
    prepareSigning(next, request([condition('Denied')]), NOW);
    expect(next.status.conditions?.map(({ type }) => type)).toEqual(['Denied', 'Failed']);
    expect(next.status.certificate).toBe(CERTIFICATE);
  });
  test('gives a certificate, once', () => {
    expect(signingFaults(request([], CERTIFICATE), request())).toEqual([]);
    expect(fields(signingFaults(request([], CERTIFICATE), request([], 'other')))).toEqual([
      'status.certificate: Forbidden: updates may not modify existing certificate content',
    ]);
  });
  test('with what is no certificate is refused', () => {
    expect(fields(signingFaults(request([], 'AAAA'), request()))).toEqual([
      'status.certificate: Invalid value: "<certificate data>": must contain one or more PEM blocks',
    ]);
  });
});
