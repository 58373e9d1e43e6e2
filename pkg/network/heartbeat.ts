// How an endpoint shows the kernel of its own node that it answers: it sends an empty datagram from its address and port to its
// Service's, which the Service proxy's rules take note of and drop. A program that was killed or hangs falls silent, and within
// a moment the kernel leads its clients to other endpoints, with no program's help.

/** On an EndpointSlice: each endpoint in it does so, at all UDP ports, on its own node. */
export const HEARTBEAT_ANNOTATION = 'typekube.dev/heartbeat';
export const BEAT_MS = 200;
/** Three beats may be late, as on a busy machine they are; being led elsewhere for a moment harms nobody. */
export const SILENT_AFTER_MS = 800;
