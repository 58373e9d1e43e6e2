// The kubelet's HTTPS server.
export interface ServingOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly clientCa: string | undefined;
}
export function serveKubelet(
  _options: ServingOptions & { manager: unknown; context: unknown; machine: unknown },
): Promise<{ close(): Promise<void> }> {
  return Promise.resolve({ close: () => Promise.resolve() });
}
