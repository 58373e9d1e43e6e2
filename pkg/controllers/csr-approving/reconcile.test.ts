import { describe, expect, test } from 'vitest';
import type { Asked } from '../../api/certificates/v1/signers.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { meta, node } from '../testing/objects.ts';
import { isDecided, judge, nodeNameOf } from './reconcile.ts';

const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVING = 'kubernetes.io/kubelet-serving';
const ASKED: Asked = {
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
};

function request(spec: Partial<CertificateSigningRequest['spec']>): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: meta('csr'),
    spec: { request: '', signerName: CLIENT, usages: ['digital signature', 'client auth'], ...spec },
    status: {},
  };
}

describe('a request for a client certificate of a node', () => {
  const verdict = (username: string, asked: Partial<Asked> = {}, usages?: string[]) => {
    const answer = judge(request({ username, ...(usages && { usages }) }), { ...ASKED, ...asked }, []);
    return answer.verdict === 'ask' ? answer.recognitions.map(({ subresource }) => subresource) : answer.because;
  };
  test('of the node itself, or of somebody for it, is asked about', () => {
    expect(verdict('system:node:a')).toEqual(['selfnodeclient', 'nodeclient']);
    expect(verdict('system:bootstrap:abcdef')).toEqual(['nodeclient']);
    expect(verdict('system:node:a', {}, ['client auth', 'digital signature', 'key encipherment'])).toHaveLength(2);
  });
  test.each<[string, Partial<Asked>, string[] | undefined, string]>([
    ['of another group', { organizations: ['system:masters'] }, undefined, 'organization is not system:nodes'],
    ['of a group more', { organizations: ['system:nodes', 'system:masters'] }, undefined, 'is not system:nodes'],
    ['of no node', { commonName: 'admin' }, undefined, 'does not begin with system:node:'],
    ['with names', { dnsNames: ['a'] }, undefined, 'DNS subjectAltNames are not allowed'],
    ['with addresses', { ipAddresses: ['10.0.0.1'] }, undefined, 'IP subjectAltNames are not allowed'],
    ['for serving', {}, ['digital signature', 'server auth'], 'usages did not match'],
    ['for signing others', {}, ['digital signature', 'client auth', 'cert sign'], 'usages did not match'],
  ])('%s waits for a person', (_, asked, usages, because) => {
    expect(verdict('system:bootstrap:abcdef', asked, usages)).toContain(because);
  });
});

describe('a request for a serving certificate of a node', () => {
  const there = node('a', 'True', {
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'host-a' },
      ],
    },
  });
  const serving = request({
    signerName: SERVING,
    usages: ['digital signature', 'server auth'],
    username: 'system:node:a',
  });
  test.each<[string, Partial<Asked>]>([
    ['its name and address', { dnsNames: ['a'], ipAddresses: ['10.0.0.1'] }],
    ['its host name', { dnsNames: ['host-a'] }],
  ])('for %s is asked about', (_, asked) => {
    expect(judge(serving, { ...ASKED, ...asked }, [there]).verdict).toBe('ask');
  });
  test('for what the node does not have waits until it has', () => {
    const asked = { ...ASKED, dnsNames: ['a', 'api.example.com'], ipAddresses: ['10.0.0.2'] };
    expect(judge(serving, asked, [there])).toEqual({
      verdict: 'wait',
      because: 'the node does not have 10.0.0.2, api.example.com',
    });
    expect(judge(serving, { ...ASKED, dnsNames: ['a'] }, []).verdict).toBe('wait');
  });
  test.each([
    ['a name of the API server', 'kubernetes.default.svc', []],
    ['a name of every machine', 'localhost', []],
    ['the address of another node', '10.0.0.9', [{ type: 'InternalIP', address: '10.0.0.9' }]],
  ])('for %s waits, whatever the node says of itself', (_, name, addressesOfOther) => {
    const lying = node('a', 'True', { status: { addresses: [{ type: 'ExternalDNS', address: name }] } });
    const other = node('b', 'True', { status: { addresses: addressesOfOther } });
    expect(judge(serving, { ...ASKED, dnsNames: [name] }, [lying, other])).toEqual({
      verdict: 'wait',
      because: `${name} is not the node's alone`,
    });
  });
  test('of another node waits for a person', () => {
    const other = { ...serving, spec: { ...serving.spec, username: 'system:node:b' } };
    expect(judge(other, { ...ASKED, dnsNames: ['a'] }, [there]).verdict).toBe('leave');
    expect(nodeNameOf(other)).toBe('b');
  });
});

test('requests for other signers wait for people', () => {
  const other = request({ signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] });
  expect(judge(other, { ...ASKED, commonName: 'jane' }, []).verdict).toBe('leave');
  expect(judge(request({ signerName: 'example.com/x' }), ASKED, []).verdict).toBe('leave');
});

test.each([
  ['with a certificate', { certificate: 'x' }, true],
  ['that is approved', { conditions: [{ type: 'Approved', status: 'True' }] }, true],
  ['that is denied', { conditions: [{ type: 'Denied', status: 'True' }] }, true],
  ['that nobody has looked at', {}, false],
])('whether a request %s is decided', (_, status, want) => {
  expect(isDecided({ ...request({}), status })).toBe(want);
});
