// Approves the certificate requests of joining machines and of nodes, after asking the authorizer whether they may have them.
// Everything else waits for a person (`kubectl certificate approve`).
import { isApiError } from '../../api/meta/status.ts';
import { certificateSigningRequests, nodes } from '../../api/resources.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { CertificateRequestError, readRequest } from '../../pki/certificate-request.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isDecided, judge, nodeNameOf, type Recognition } from './reconcile.ts';

const NODE = 'node';

export function csrApprovingController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'certificatesigningrequest-approving-controller';
  const log = context.log.with({ controller: name });
  const queue = controllerQueue(context, 'certificate');
  const requestClient = context.client.resource(certificateSigningRequests);
  const requestInformer = context.informers.of(certificateSigningRequests, {
    [NODE]: (request) => [nodeNameOf(request) ?? ''],
  });
  const nodeInformer = context.informers.of(nodes);
  const enqueue = (request: CertificateSigningRequest) => {
    if (!isDecided(request)) queue.add(request.metadata.name);
  };
  const enqueueOf = (nodeName: string) => {
    for (const request of requestInformer.store.byIndex(NODE, nodeName)) enqueue(request);
  };
  requestInformer.on({ added: enqueue, changed: enqueue });
  nodeInformer.on({
    added: ({ metadata }) => enqueueOf(metadata.name),
    changed: (node, before) => {
      if (JSON.stringify(node.status?.addresses) !== JSON.stringify(before.status?.addresses))
        enqueueOf(node.metadata.name);
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const request = requestInformer.store.get(key);
    if (request === undefined || isDecided(request)) return;
    const asked = await readRequest(Buffer.from(request.spec.request, 'base64').toString('latin1')).catch(
      (error: unknown) => {
        if (!(error instanceof CertificateRequestError)) throw error;
        log.debug('a certificate request cannot be read', { request: key, error });
        return undefined;
      },
    );
    if (asked === undefined) return;
    const verdict = judge(request, asked, nodeInformer.store.list());
    if (verdict.verdict !== 'ask') {
      log[verdict.verdict === 'wait' ? 'info' : 'debug']('a certificate request is not approved', {
        request: key,
        because: verdict.because,
      });
      return;
    }
    for (const recognition of verdict.recognitions) {
      if (await mayHave(request, recognition, signal)) return approve(request, recognition, signal);
    }
    const tried = verdict.recognitions.map(({ subresource }) => subresource).join(' ');
    throw new Error(`recognized csr "${key}" as [${tried}] but subject access review was not approved`);
  }

  async function mayHave(request: CertificateSigningRequest, { subresource }: Recognition, signal: AbortSignal) {
    const { username, uid, groups, extra } = request.spec;
    const spec = {
      user: username,
      ...(uid !== undefined && { uid }),
      groups,
      ...(extra !== undefined && { extra }),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        version: '*',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
      },
    };
    const { body } = await context.client.transport.request(
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
      },
      signal,
    );
    // The server answers a review with a review.
    return (body as { status?: { allowed?: boolean } }).status?.allowed === true;
  }

  async function approve(request: CertificateSigningRequest, { message }: Recognition, signal: AbortSignal) {
    const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
    const status = { ...request.status, conditions: [...(request.status.conditions ?? []), approved] };
    try {
      await requestClient.update({ ...request, status }, { subresource: 'approval' }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
