// Reads an image reference (`host:port/path/name:tag@digest`) as far as Kubernetes' API does: for its tag.

const REFERENCE =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][-a-zA-Z0-9]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][-a-zA-Z0-9]*[a-zA-Z0-9]))*(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::(\w[\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;

/** Whether an image is pulled each time unless said otherwise: its tag is `latest`, or it has neither tag nor digest. */
export function pullsAlways(image: string): boolean {
  const match = REFERENCE.exec(image);
  if (match === null) return false;
  const [, tag, digest] = match;
  return tag === 'latest' || (tag === undefined && digest === undefined);
}
