// CertificateSubjectRestriction: nobody becomes an administrator for good by a certificate request.
import { CLIENT_SIGNER } from '../../api/certificates/v1/signers.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { CertificateRequestError, readRequest } from '../../pki/certificate-request.ts';
import { forbidden } from '../http-errors.ts';
import type { AdmissionPlugin } from './admission.ts';

const ADMINISTRATORS = 'system:masters';

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  operations: new Set(['CREATE']),
  resources: new Set(['certificatesigningrequests']),
  async validate({ object, served }) {
    // Of the kind whose resource this is.
    const { spec, metadata } = object as CertificateSigningRequest;
    if (spec.signerName !== CLIENT_SIGNER) return;
    const asked = await readRequest(Buffer.from(spec.request, 'base64').toString('latin1')).catch((error: unknown) => {
      if (!(error instanceof CertificateRequestError)) throw error;
      return undefined; // validation says what is wrong with it
    });
    if (asked?.organizations.includes(ADMINISTRATORS) !== true) return;
    const why = `use of ${CLIENT_SIGNER} signer with ${ADMINISTRATORS} group is not allowed`;
    throw forbidden(served.resource, metadata.name, why);
  },
};
