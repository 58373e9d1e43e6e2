// The streams of one exec, attach or port-forward, whatever carries them (WebSocket channels, SPDY streams), and the Status that
// ends an exec (k8s.io/kubelet/pkg/cri/streaming/remotecommand).
import type { Status } from '../../api/meta/status.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface RemoteStreams {
  /** Ends when the client closes its side. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly sizes: AsyncIterable<TerminalSize>;
  /** Resolves when more may be sent. */
  write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
  /** The last word: how it ended. */
  finish(status: ExecStatus): Promise<void>;
  close(): void;
}

/** The Status on the error channel has no kind and no code where it tells of success or of an exit code. */
export type ExecStatus = Partial<Status> & { metadata: object; status: 'Success' | 'Failure' };

export function statusOfExit(command: readonly string[], exitCode: number): ExecStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

export function statusOfFailure(message: string): ExecStatus {
  return { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
}

/** A size as kubectl sends it: `{"Width":80,"Height":24}`. Undefined for anything else. */
export function parseSize(text: string): TerminalSize | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // not a size: nothing to do
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { Width: columns, Height: rows } = value as { Width?: unknown; Height?: unknown }; // checked next
  return typeof columns === 'number' && typeof rows === 'number' ? { columns, rows } : undefined;
}
