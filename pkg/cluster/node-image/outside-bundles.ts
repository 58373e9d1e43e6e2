// Packages that cannot be part of the bundles: native addons and packages that read files of their own. Whoever copies the
// bundles elsewhere copies these too.
export const OUTSIDE_BUNDLES = ['lmdb'];
