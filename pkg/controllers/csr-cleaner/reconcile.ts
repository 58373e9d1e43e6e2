// Which certificate requests have had their time. Pure; the times are those of k8s.io/kubernetes pkg/controller/certificates/cleaner.
import { instantOf } from '../../api/meta/time.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { validityOf } from '../../pki/certificate-request.ts';

const HOUR_MS = 3_600_000;
const DECIDED_MS = HOUR_MS;
const PENDING_MS = 24 * HOUR_MS;

export function isOutdated({ metadata, status }: CertificateSigningRequest, now: Instant): boolean {
  const older = (time: string | undefined, ms: number) => {
    const instant = instantOf(time);
    return instant !== undefined && now - instant > ms;
  };
  const conditions = status.conditions ?? [];
  const issued = status.certificate !== undefined && status.certificate !== '';
  if (conditions.length === 0) return older(metadata.creationTimestamp, PENDING_MS);
  return conditions.some(({ type, lastUpdateTime }) => {
    switch (type) {
      case 'Approved':
        return issued && (older(lastUpdateTime, DECIDED_MS) || hasExpired(status.certificate ?? '', now));
      case 'Denied':
      case 'Failed':
        return older(lastUpdateTime, DECIDED_MS);
      default:
        return false;
    }
  });
}

function hasExpired(certificate: string, now: Instant): boolean {
  try {
    return validityOf(Buffer.from(certificate, 'base64').toString('latin1')).notAfter < now;
  } catch {
    return false; // a certificate of somebody else's signer that cannot be read is old in an hour
  }
}
