// Where the engine's errors become the runtime's: sorted by status code and error code, never by text.
import { RuntimeError } from '../runtime.ts';

interface EngineFailure {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly json?: unknown;
  readonly reason?: unknown;
}

/** The HTTP status of the engine's answer, undefined when there was none. */
export function httpStatusOf(error: unknown): number | undefined {
  const status = asFailure(error).statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Runs one engine call; whatever it throws comes out as a RuntimeError carrying the engine's own sentence. */
export async function engineCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw runtimeErrorOf(what, cause);
  }
}

export function runtimeErrorOf(what: string, cause: unknown): unknown {
  if (cause instanceof RuntimeError) return cause;
  if (cause instanceof Error && cause.name === 'AbortError') return cause;
  const status = httpStatusOf(cause);
  if (status === undefined)
    return new RuntimeError(`${what}: the container engine does not answer`, { kind: 'unreachable', cause });
  return new RuntimeError(sentenceOf(cause) ?? `${what}: the engine answered ${status}`, {
    kind: status === 404 ? 'gone' : 'refused',
    cause,
  });
}

/** As `engineCall`, but these answers mean that there is nothing (more) to do. */
export async function engineCallAccepting(
  accepted: readonly number[],
  what: string,
  call: () => Promise<unknown>,
): Promise<void> {
  try {
    await call();
  } catch (cause) {
    const status = httpStatusOf(cause);
    if (status === undefined || !accepted.includes(status)) throw runtimeErrorOf(what, cause);
  }
}

function sentenceOf(error: unknown): string | undefined {
  const { json } = asFailure(error);
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
    return json.message;
  }
  return error instanceof Error ? error.message : undefined;
}

function asFailure(error: unknown): EngineFailure {
  return typeof error === 'object' && error !== null ? error : {};
}
