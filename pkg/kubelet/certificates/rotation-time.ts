// When a certificate is to be renewed: some time between 70 and 90 percent of its life, other for every node, so that many nodes made at
// one time do not all ask at once. Pure.
import type { Instant, Random } from '../../clock/clock.ts';

export function rotationTime(
  { notBefore, notAfter }: { readonly notBefore: Instant; readonly notAfter: Instant },
  random: Random,
): Instant {
  return notBefore + (notAfter - notBefore) * (0.7 + 0.2 * random());
}
