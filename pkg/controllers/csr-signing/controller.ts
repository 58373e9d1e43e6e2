// Signs approved certificate requests for the signers of the cluster itself, with the cluster's authority.
import { isApiError } from '../../api/meta/status.ts';
import { certificateSigningRequests } from '../../api/resources.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { CertificateRequestError, readRequest, signRequest } from '../../pki/certificate-request.ts';
import type { KeyPair } from '../../pki/certificates.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isToBeSigned, lifetimeMs, refusal, validity } from './reconcile.ts';

export interface SigningOptions {
  readonly authority: KeyPair;
  /** `--cluster-signing-duration`: the longest that a certificate lives, and how long unless less is asked for. */
  readonly durationMs: number;
}

export function csrSigningController(
  context: ControllerContext,
  options: SigningOptions & { readonly workers: number },
): Controller {
  const name = 'certificatesigningrequest-signing-controller';
  const queue = controllerQueue(context, 'certificate_signing');
  const requestClient = context.client.resource(certificateSigningRequests);
  const informer = context.informers.of(certificateSigningRequests);
  const enqueue = (request: CertificateSigningRequest) => {
    if (isToBeSigned(request)) queue.add(request.metadata.name);
  };
  informer.on({ added: enqueue, changed: enqueue });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const request = informer.store.get(key);
    if (request === undefined || !isToBeSigned(request)) return;
    const status = await outcome(request);
    try {
      await requestClient.updateStatus({ ...request, status }, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  async function outcome(request: CertificateSigningRequest): Promise<CertificateSigningRequest['status']> {
    const { spec, status } = request;
    const pem = Buffer.from(spec.request, 'base64').toString('latin1');
    try {
      const fault = refusal(request, await readRequest(pem));
      if (fault !== undefined) return failed(status, fault);
      const times = validity(context.clock.now(), lifetimeMs(spec.expirationSeconds, options.durationMs));
      const certificate = await signRequest(options.authority, pem, { ...times, usages: spec.usages ?? [] });
      return { ...status, certificate: Buffer.from(certificate).toString('base64') };
    } catch (error) {
      if (!(error instanceof CertificateRequestError)) throw error;
      return failed(status, error.message);
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}

function failed(status: CertificateSigningRequest['status'], message: string): CertificateSigningRequest['status'] {
  const failure = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
  return { ...status, conditions: [...(status.conditions ?? []), failure] };
}
