// Configurations of admission webhooks, mutating and validating.
import { Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../../resources.ts';
import { age, columns, integer } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../schema/generated/admissionregistration.v1.gen.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = MutatingWebhook | ValidatingWebhook;

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

const webhookColumns = () =>
  columns<Configuration>(
    integer('Webhooks', 'Webhooks indicates total number of webhooks', ({ webhooks }) => (webhooks ?? []).length),
    age(),
  );

export const mutatingWebhookConfigurationKind = defineKind<MutatingWebhookConfiguration>({
  type: mutatingWebhookConfigurations,
  schema: 'admissionregistration.v1.MutatingWebhookConfiguration',
  categories: ['api-extensions'],
  generation: true,
  generationOf: ({ webhooks }) => webhooks,
  columns: webhookColumns(),
  setDefaults({ webhooks }) {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
  validate,
});

export const validatingWebhookConfigurationKind = defineKind<ValidatingWebhookConfiguration>({
  type: validatingWebhookConfigurations,
  schema: 'admissionregistration.v1.ValidatingWebhookConfiguration',
  categories: ['api-extensions'],
  generation: true,
  generationOf: ({ webhooks }) => webhooks,
  columns: webhookColumns(),
  setDefaults({ webhooks }) {
    for (const webhook of webhooks ?? []) defaultWebhook(webhook);
  },
  validate,
});

function defaultWebhook(webhook: Webhook): void {
  webhook.clientConfig ??= {};
  if (webhook.clientConfig.service !== undefined) webhook.clientConfig.service.port ??= 443;
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
}

function validate({ webhooks }: Configuration): FieldError[] {
  const faults = new Faults();
  const names = new Set<string>();
  faults.each<Webhook>('webhooks', webhooks, (webhook) => {
    validateWebhook(faults, webhook);
    if (names.has(webhook.name)) faults.duplicate('name', webhook.name);
    names.add(webhook.name);
  });
  return faults.errors;
}

function validateWebhook(faults: Faults, webhook: Webhook): void {
  const { timeoutSeconds } = webhook;
  const name = webhook.name ?? '';
  if (name.split('.').length < 3 && dnsSubdomainFaults(name).length === 0) {
    faults.invalid('name', name, 'should be a domain with at least three segments separated by dots');
  } else faults.invalidAll('name', name, dnsSubdomainFaults(name));
  const versions = webhook.admissionReviewVersions ?? [];
  if (versions.length === 0) faults.required('admissionReviewVersions', 'must specify one of v1, v1beta1');
  else if (!versions.some((version) => version === 'v1' || version === 'v1beta1')) {
    faults.invalid('admissionReviewVersions', versions, 'must include at least one of v1, v1beta1');
  }
  faults.each('rules', webhook.rules, (rule) => validateRule(faults, rule));
  checkOneOf(faults, 'failurePolicy', webhook.failurePolicy, ['Fail', 'Ignore']);
  checkOneOf(faults, 'matchPolicy', webhook.matchPolicy, ['Equivalent', 'Exact']);
  if (!webhook.sideEffects) faults.required('sideEffects', 'must specify one of None, NoneOnDryRun');
  else checkOneOf(faults, 'sideEffects', webhook.sideEffects, ['None', 'NoneOnDryRun']);
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    faults.invalid('timeoutSeconds', timeoutSeconds, 'the timeout value must be between 1 and 30 seconds');
  }
  faults.at('namespaceSelector', () => validateLabelSelector(faults, webhook.namespaceSelector));
  faults.at('objectSelector', () => validateLabelSelector(faults, webhook.objectSelector));
  faults.at('clientConfig', () => validateClient(faults, webhook.clientConfig ?? {}));
}

function validateRule(faults: Faults, rule: RuleWithOperations): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  if (operations.length === 0) faults.required('operations');
  if (operations.length > 1 && operations.includes('*')) {
    faults.invalid('operations', operations, "if '*' is present, must not specify other operations");
  }
  operations.forEach((operation, i) => {
    if (!OPERATIONS.includes(operation)) faults.notSupported(['operations', i], operation, OPERATIONS);
  });
  for (const [field, values] of [
    ['apiGroups', apiGroups],
    ['apiVersions', apiVersions],
    ['resources', resources],
  ] as const) {
    if (values.length === 0) faults.required(field);
    if (field !== 'resources' && values.length > 1 && values.includes('*')) {
      const noun = field === 'apiGroups' ? 'API groups' : 'API versions';
      faults.invalid(field, values, `if '*' is present, must not specify other ${noun}`);
    }
  }
  apiVersions.forEach((version, i) => {
    if (version === '') faults.required(['apiVersions', i]);
  });
  resources.forEach((resource, i) => {
    if (resource === '') faults.required(['resources', i]);
  });
  if (scope !== undefined) checkOneOf(faults, 'scope', scope, ['*', 'Cluster', 'Namespaced']);
}

function validateClient(faults: Faults, { url, service }: WebhookClientConfig): void {
  if ((url === undefined) === (service === undefined)) {
    faults.required('', 'exactly one of url or service is required');
  }
  if (url !== undefined && !url.startsWith('https://')) {
    faults.invalid('url', url, `'https' is the only allowed URL scheme; desired format: https://host[/path]`);
  }
  if (service === undefined) return;
  faults.at('service', () => {
    if (!service.name) faults.required('name', 'service name is required');
    if (!service.namespace) faults.required('namespace', 'service namespace is required');
    if (service.port !== undefined && (service.port < 1 || service.port > 65_535)) {
      faults.invalid('port', service.port, 'port is not valid: must be between 1 and 65535, inclusive');
    }
    if (service.path !== undefined && !service.path.startsWith('/')) {
      faults.invalid('path', service.path, "must start with a '/'");
    }
  });
}
