// GET /log: the kubelet's answer, passed on as it comes.
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../../api/meta/status.ts';
import { textResponse } from '../../encoded.ts';
import { badRequest } from '../../http-errors.ts';
import type { SubresourceHandler } from '../subresource-handler.ts';
import { tlsOptions, type KubeletConnections } from './kubelet-connections.ts';
import { logTarget, type PodTarget } from './pod-target.ts';

const TEXT = 'text/plain';
/** A kubelet that says nothing for so long before the first byte is not there. */
const CONNECT_MS = 30_000;
const LONGEST_ERROR = 64 * 1024;

export function podLog(kubelets: KubeletConnections | undefined): SubresourceHandler {
  return async ({ api, target, request: { query, signal } }) => {
    const kubelet = await logTarget(api, target.namespace, target.name, query);
    if (kubelet === undefined) return textResponse(200, '', TEXT);
    const answer = await ask(kubelet, kubelets, signal);
    const status = answer.statusCode ?? 500;
    if (status !== 200) throw await refusal(answer, status);
    return { form: 'stream', status: 200, contentType: TEXT, chunks: chunksOf(answer) };
  };
}

function ask(
  { address, path }: PodTarget,
  kubelets: KubeletConnections | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...tlsOptions(kubelets), ...address, path, method: 'GET', signal, timeout: CONNECT_MS });
    asking.on('response', (answer) => {
      asking.setTimeout(0);
      resolve(answer);
    });
    asking.on('timeout', () => asking.destroy(new Error('the kubelet does not answer')));
    asking.on('error', (cause) => {
      const url = `https://${address.host}:${address.port}${path}`;
      reject(new ApiError('InternalError', `Get ${JSON.stringify(url)}: ${cause.message}`, { cause }));
    });
    asking.end();
  });
}

/** The kubelet's sentence, as a Status. */
async function refusal(answer: IncomingMessage, status: number): Promise<ApiError> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > LONGEST_ERROR) break;
  }
  if (status === 400) return badRequest(text.trim());
  if (status === 404)
    return new ApiError('NotFound', text.trim() || 'the server could not find the requested resource', { details: {} });
  return new ApiError('InternalError', text.trim() || `the kubelet answered ${status}`, { details: {} });
}

async function* chunksOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of answer) {
    // A stream without an encoding yields Buffers.
    yield chunk as Uint8Array;
  }
}
