// Asks a cluster for a certificate: a new key, a CertificateSigningRequest, and the wait until somebody has approved and signed it.
import { certificateSigningRequests } from '../api/resources.ts';
import { isApiError } from '../api/meta/status.ts';
import type { CertificateSigningRequest } from '../api/schema/generated/certificates.v1.gen.ts';
import type { Clock } from '../clock/clock.ts';
import { createRequest, type RequestedSubject } from '../pki/certificate-request.ts';
import type { KeyPair } from '../pki/certificates.ts';
import type { Client } from './client.ts';
import { UnreachableError } from './transport.ts';

export interface CertificateWish {
  readonly subject: RequestedSubject;
  /** `kubernetes.io/kube-apiserver-client-kubelet`, ... */
  readonly signerName: string;
  readonly usages: readonly string[];
  /** Undefined: as long as the signer gives. */
  readonly expirationSeconds?: number;
}

/** Somebody said no; asking again would not help. */
export class CertificateRefusedError extends Error {
  override readonly name = 'CertificateRefusedError';
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Waits until `signal`. Throws CertificateRefusedError when the request is denied or cannot be signed. */
export async function requestCertificate(
  client: Client,
  wish: CertificateWish,
  clock: Clock,
  signal: AbortSignal,
): Promise<KeyPair> {
  const { key, request } = await createRequest(wish.subject);
  const resource = client.resource(certificateSigningRequests);
  const { metadata } = await resource.create(
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: '', generateName: 'csr-' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: wish.signerName,
        usages: [...wish.usages],
        ...(wish.expirationSeconds !== undefined && { expirationSeconds: wish.expirationSeconds }),
      },
    },
    {},
    signal,
  );
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const answer = await answerTo(() => resource.get({ name: metadata.name }, signal));
    const certificate = answer === undefined ? undefined : issued(answer);
    if (certificate !== undefined) return { certificate, key };
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}

/** A server that is away for a moment has not said no. */
async function answerTo(ask: () => Promise<CertificateSigningRequest>): Promise<CertificateSigningRequest | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UnreachableError) return undefined;
    if (isApiError(error, 'NotFound')) throw new CertificateRefusedError('the certificate request was deleted');
    throw error;
  }
}

function issued({ metadata, status }: CertificateSigningRequest): string | undefined {
  for (const { type, reason, message } of status.conditions ?? []) {
    if (type !== 'Denied' && type !== 'Failed') continue;
    const why = [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
    const what = type === 'Denied' ? 'denied' : 'not signed';
    throw new CertificateRefusedError(
      `certificate request ${metadata.name} was ${what}${why === '' ? '' : `: ${why}`}`,
    );
  }
  return status.certificate === undefined || status.certificate === ''
    ? undefined
    : Buffer.from(status.certificate, 'base64').toString('latin1');
}
