// Packages that cannot be part of the bundles: native addons, packages that read files of their own, and what optional
// features of our dependencies load. Whoever copies the bundles elsewhere copies these too.
export const OUTSIDE_BUNDLES = ['lmdb', 'ssh2'];
/** Loaded only if it happens to be installed. */
export const OPTIONAL_OUTSIDE_BUNDLES = ['cpu-features'];
