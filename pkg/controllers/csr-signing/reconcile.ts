// What the signer does with one certificate request: nothing, say why not, or for how long it signs. Pure.
import { isClusterSigner, signerFault, type Asked } from '../../api/certificates/v1/signers.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

const BACKDATE_MS = 5 * 60_000;
/** Certificates that live this long have their lifetime counted from the backdated start, as in Kubernetes. */
const LONG_MS = 8 * 3_600_000;
const SHORTEST_MS = 10 * 60_000;

/** Whether the request is approved, for a signer of ours, and has neither certificate nor failure yet. */
export function isToBeSigned({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string) => (status.conditions ?? []).some((one) => one.type === type && one.status === 'True');
  const issued = status.certificate !== undefined && status.certificate !== '';
  return isClusterSigner(spec.signerName) && !issued && has('Approved') && !has('Denied') && !has('Failed');
}

/** Why it cannot be signed, whoever approved it; undefined: it can. */
export function refusal({ spec }: CertificateSigningRequest, asked: Asked): string | undefined {
  return signerFault(spec.signerName, asked, spec.usages ?? []);
}

/** What was asked for, but no longer than the signer allows and no shorter than makes sense. */
export function lifetimeMs(expirationSeconds: number | undefined, longestMs: number): number {
  if (expirationSeconds === undefined) return longestMs;
  return Math.min(Math.max(expirationSeconds * 1000, SHORTEST_MS), longestMs);
}

/**
 * From a little before now, for machines whose clocks lag. Of a certificate that lives for minutes a tenth of its life is enough:
 * more would leave it old when it is made, and whoever renews at four fifths of its life would renew at once.
 */
export function validity(now: Instant, lifetime: number): { readonly notBefore: Instant; readonly notAfter: Instant } {
  const notBefore = now - Math.min(BACKDATE_MS, lifetime / 10);
  return { notBefore, notAfter: lifetime < LONG_MS ? now + lifetime : notBefore + lifetime };
}
