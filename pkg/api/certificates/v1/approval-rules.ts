// Who may write which part of a certificate request's status: approving and denying goes through `/approval`, the certificate
// and the signer's failure through `/status`. Rules: k8s.io/kubernetes pkg/registry/certificates and pkg/apis/certificates/validation.
import { Faults } from '../../meta/field-faults.ts';
import type { FieldError } from '../../meta/status.ts';
import { formatTime } from '../../meta/time.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../schema/generated/certificates.v1.gen.ts';

const DECISIONS: ReadonlySet<string> = new Set(['Approved', 'Denied']);
const LASTING = ['Approved', 'Denied', 'Failed'] as const;
const STATES = ['False', 'True', 'Unknown'];

type Conditions = readonly CertificateSigningRequestCondition[];

/** Before an update of `/approval` is checked: only conditions are new. */
export function prepareApproval(request: CertificateSigningRequest, old: CertificateSigningRequest, now: number): void {
  const conditions = withTimes(request.status?.conditions ?? [], old.status.conditions ?? [], now);
  request.spec = old.spec;
  request.status = { ...old.status };
  setConditions(request, conditions);
}

/** Before an update of `/status` is checked: decisions stay as they are. */
export function prepareSigning(request: CertificateSigningRequest, old: CertificateSigningRequest, now: number): void {
  const decided = (old.status.conditions ?? []).filter(({ type }) => DECISIONS.has(type));
  const others = (request.status?.conditions ?? []).filter(({ type }) => !DECISIONS.has(type));
  request.spec = old.spec;
  request.status ??= {};
  setConditions(request, withTimes([...decided, ...others], old.status.conditions ?? [], now));
}

export function approvalFaults(request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const faults = conditionFaults(request, old);
  if ((request.status.certificate ?? '') !== (old.status.certificate ?? ''))
    faults.forbidden(['status', 'certificate'], 'updates may not set certificate content');
  return faults.errors;
}

export function signingFaults(request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const faults = conditionFaults(request, old);
  const before = old.status.certificate ?? '';
  const after = request.status.certificate ?? '';
  if (before !== '' && before !== after)
    faults.forbidden(['status', 'certificate'], 'updates may not modify existing certificate content');
  else if (after !== before && !/-----BEGIN CERTIFICATE-----/.test(Buffer.from(after, 'base64').toString('latin1')))
    faults.invalid(['status', 'certificate'], '<certificate data>', 'must contain one or more PEM blocks');
  return faults.errors;
}

function conditionFaults(request: CertificateSigningRequest, old: CertificateSigningRequest): Faults {
  const faults = new Faults();
  const conditions = request.status.conditions ?? [];
  const seen = new Set<string>();
  faults.at('status', () => {
    faults.each('conditions', conditions, ({ type, status }) => {
      if (!type) faults.required('type');
      else if (seen.has(type)) faults.duplicate([], type);
      if (!status) faults.required('status');
      else if (!STATES.includes(status)) faults.notSupported('status', status, STATES);
      else if (LASTING.some((known) => known === type) && status !== 'True')
        faults.notSupported('status', status, ['True']);
      const other = type === 'Approved' ? 'Denied' : 'Approved';
      if (DECISIONS.has(type) && seen.has(other))
        faults.invalid('type', type, 'Approved and Denied conditions are mutually exclusive');
      seen.add(type);
    });
    for (const type of LASTING) {
      if (has(old.status.conditions ?? [], type) && !has(conditions, type))
        faults.forbidden('conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`);
    }
  });
  return faults;
}

function has(conditions: Conditions, type: string): boolean {
  return conditions.some((condition) => condition.type === type);
}

function setConditions(request: CertificateSigningRequest, conditions: CertificateSigningRequestCondition[]): void {
  if (conditions.length > 0) request.status.conditions = conditions;
  else delete request.status.conditions;
}

/** Times that were left out are those of now, or of when the condition got its state. */
function withTimes(conditions: Conditions, before: Conditions, now: number): CertificateSigningRequestCondition[] {
  return conditions.map((condition) => {
    const known = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? formatTime(now),
      lastTransitionTime: condition.lastTransitionTime ?? known?.lastTransitionTime ?? formatTime(now),
    };
  });
}
