// The grammar of image names (distribution/reference): what is wrong with one, in Docker's and so Kubernetes' words.

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?$/;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[\w][\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

export interface ImageName {
  /** `docker.io` when the name has none. */
  readonly domain: string;
  readonly path: string;
}

export type ParsedImageName =
  | { readonly ok: true; readonly name: ImageName }
  | { readonly ok: false; readonly fault: string };

export function parseImageName(image: string): ParsedImageName {
  if (/^[0-9a-f]{64}$/.test(image)) {
    return { ok: false, fault: 'cannot specify 64-byte hexadecimal strings' };
  }
  const at = image.indexOf('@');
  const digest = at < 0 ? undefined : image.slice(at + 1);
  const beforeDigest = at < 0 ? image : image.slice(0, at);
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  const whole = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const slash = whole.indexOf('/');
  const first = slash < 0 ? '' : whole.slice(0, slash);
  const isDomain = first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  const domain = isDomain ? first : 'docker.io';
  const rest = isDomain ? whole.slice(slash + 1) : whole;
  const path = domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (rest !== rest.toLowerCase()) {
    return { ok: false, fault: `invalid reference format: repository name (${path}) must be lowercase` };
  }
  const wellFormed =
    PATH.test(path) &&
    (!isDomain || DOMAIN.test(domain)) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  return wellFormed ? { ok: true, name: { domain, path } } : { ok: false, fault: 'invalid reference format' };
}
