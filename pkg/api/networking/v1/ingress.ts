// Ingresses and IngressClasses: HTTP from outside to Services.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import { ingressClasses, ingresses } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Ingress, IngressClass } from '../../schema/generated/networking.v1.gen.ts';
import { validateIngress } from './ingress-validation.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export const ingressKind = defineKind<Ingress>({
  type: ingresses,
  schema: 'networking.v1.Ingress',
  shortNames: ['ing'],
  hasStatus: true,
  generation: true,
  columns: columns(
    text(
      'Class',
      'The name of the IngressClass resource that should be used for additional configuration',
      ({ spec }) => spec.ingressClassName ?? '<none>',
    ),
    text('Hosts', 'Hosts that incoming requests are matched against before the ingress rule', ({ spec }) =>
      hostsCell(spec.rules ?? []),
    ),
    text('Address', 'Address is a list containing ingress points for the load-balancer', ({ status }) =>
      (status.loadBalancer?.ingress ?? [])
        .map(({ ip, hostname }) => ip || hostname || '')
        .filter((one) => one !== '')
        .join(','),
    ),
    text('Ports', 'Ports of TLS configurations that open', ({ spec }) =>
      (spec.tls ?? []).length > 0 ? '80, 443' : '80',
    ),
    age(),
  ),
  setDefaults(ingress) {
    ingress.spec ??= {};
    ingress.status ??= {};
    ingress.status.loadBalancer ??= {};
  },
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validate(ingress) {
    const faults = new Faults();
    const annotated = ingress.metadata.annotations?.[CLASS_ANNOTATION];
    if (annotated !== undefined && ingress.spec.ingressClassName !== undefined) {
      faults.invalid(
        ['metadata', 'annotations', `[${CLASS_ANNOTATION}]`],
        annotated,
        'can not be set when the class field is also set',
      );
    }
    return [...faults.errors, ...validateIngress(ingress)];
  },
  validateUpdate: validateIngress,
  warnings: ({ metadata }) =>
    metadata.annotations?.[CLASS_ANNOTATION] === undefined
      ? []
      : [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`],
});

function hostsCell(rules: readonly { host?: string }[]): string {
  const hosts = rules.map(({ host }) => host || '*');
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, 3).join(',');
  return hosts.length > 3 ? `${shown} + ${hosts.length - 3} more...` : shown;
}

export const ingressClassKind = defineKind<IngressClass>({
  type: ingressClasses,
  schema: 'networking.v1.IngressClass',
  generation: true,
  columns: columns(
    text(
      'Controller',
      'Controller refers to the name of the controller that should handle this class.',
      ({ spec }) => spec.controller ?? '',
    ),
    text(
      'Parameters',
      'Parameters is a link to a custom resource containing additional configuration for the controller.',
      ({ spec: { parameters } }) => {
        if (parameters === undefined) return '<none>';
        const kind = parameters.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters.kind;
        return `${kind}/${parameters.name}`;
      },
    ),
    age(),
  ),
  setDefaults(ingressClass) {
    ingressClass.spec ??= {};
    if (ingressClass.spec.parameters !== undefined) ingressClass.spec.parameters.scope ??= 'Cluster';
  },
  validate: validateClass,
  validateUpdate(ingressClass, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(ingressClass.spec.controller, old.spec.controller)) {
      faults.invalid(['spec', 'controller'], ingressClass.spec.controller, IMMUTABLE);
    }
    return [...faults.errors, ...validateClass(ingressClass)];
  },
});

function validateClass({ spec }: IngressClass): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { controller = '', parameters } = spec;
    if (controller === '') faults.required('controller');
    else {
      const [domain = '', path] = controller.split('/', 2);
      if (path === undefined || path === '') {
        faults.invalid('controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")');
      } else faults.invalidAll('controller', controller, dnsSubdomainFaults(domain));
    }
    if (parameters === undefined) return;
    faults.at('parameters', () => {
      for (const field of ['kind', 'name'] as const) if (!parameters[field]) faults.required(field);
      checkOneOf(faults, 'scope', parameters.scope, ['Cluster', 'Namespace']);
      if (parameters.scope === 'Namespace' && !parameters.namespace) {
        faults.required('namespace', "`parameters.scope` is set to 'Namespace'");
      }
      if (parameters.scope === 'Cluster' && parameters.namespace !== undefined) {
        faults.forbidden('namespace', "`parameters.scope` is set to 'Cluster'");
      }
    });
  });
  return faults.errors;
}
