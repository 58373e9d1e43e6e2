// Bodies that are made from a value: encoded when somebody wants bytes, at most once.
import { ApiError, type Status } from '../api/meta/status.ts';
import type { ApiResponse, Encoded } from './request.ts';

export const JSON_TYPE = 'application/json';

export class EncodedValue implements Encoded {
  readonly value: unknown;
  #bytes: Uint8Array | undefined;

  constructor(value: unknown) {
    this.value = value;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(JSON.stringify(this.value));
    return this.#bytes;
  }
}

/** Bytes that are not JSON, or whose value nobody in this process reads but as text. */
export class EncodedBytes implements Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get value(): unknown {
    return Buffer.from(this.bytes).toString('utf8');
  }
}

const NO_WARNINGS: readonly string[] = [];

export function jsonResponse(status: number, value: unknown, warnings = NO_WARNINGS): ApiResponse {
  return { form: 'object', status, body: new EncodedValue(value), contentType: JSON_TYPE, warnings };
}

export function textResponse(status: number, text: string, contentType = 'text/plain; charset=utf-8'): ApiResponse {
  return { form: 'object', status, body: new EncodedBytes(Buffer.from(text)), contentType, warnings: NO_WARNINGS };
}

export function statusResponse(status: Status): ApiResponse {
  return jsonResponse(status.code, status);
}

/** A fault of this server that no client caused: says no more than that there was one. */
export function bugResponse(requestId: string): ApiResponse {
  return statusResponse(
    new ApiError('InternalError', `Internal error occurred: request ${requestId} failed`, {
      details: { causes: [{ message: `request ${requestId} failed` }] },
    }).status,
  );
}

export function encodeValue(value: unknown): Encoded {
  return new EncodedValue(value);
}
