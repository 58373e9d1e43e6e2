// The X.509 library, loaded only when something must be signed or read in full: a start with good certificates on disk does not pay for it.

export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

export function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // A DER integer with the top bit set would be negative, which RFC 5280 forbids for serial numbers.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

export function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
