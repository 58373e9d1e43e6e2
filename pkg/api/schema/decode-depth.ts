// Bodies nested so deeply that reading them would exhaust the stack are the client's fault, not the server's.
import { ApiError } from '../meta/status.ts';

/** Runs what recurses into a client's value; throws 400 when that is nested too deeply. */
export function withinDepth<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The engine's only sign of a full stack.
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      throw new ApiError('BadRequest', 'exceeded max depth', { cause: error });
    }
    throw error;
  }
}
