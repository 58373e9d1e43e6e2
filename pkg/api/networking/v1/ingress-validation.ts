// Validation of Ingresses: hosts, paths and backends.
import { isIP } from 'node:net';
import { Faults } from '../../meta/field-faults.ts';
import {
  dns1035LabelFaults,
  dnsSubdomainFaults,
  portNameFaults,
  portNumberFaults,
  wildcardSubdomainFaults,
} from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
} from '../../schema/generated/networking.v1.gen.ts';

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];

export function validateIngress({ spec }: Ingress): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { rules = [], defaultBackend, ingressClassName } = spec;
    if (rules.length === 0 && defaultBackend === undefined) {
      faults.invalid('', rules, 'either `defaultBackend` or `rules` must be specified');
    }
    if (defaultBackend !== undefined) faults.at('defaultBackend', () => validateBackend(faults, defaultBackend));
    faults.each('rules', rules, (rule) => validateRule(faults, rule));
    faults.each('tls', spec.tls, ({ hosts = [], secretName }) => {
      hosts.forEach((host, i) => {
        const check = host.includes('*') ? wildcardSubdomainFaults : dnsSubdomainFaults;
        faults.invalidAll(['hosts', i], host, check(host));
      });
      if (secretName) faults.invalidAll('secretName', secretName, dnsSubdomainFaults(secretName));
    });
    if (ingressClassName !== undefined) {
      faults.invalidAll('ingressClassName', ingressClassName, dnsSubdomainFaults(ingressClassName));
    }
  });
  return faults.errors;
}

function validateRule(faults: Faults, { host, http }: IngressRule): void {
  if (host) {
    if (isIP(host) !== 0) faults.invalid('host', host, 'must be a DNS name, not an IP address');
    else faults.invalidAll('host', host, (host.includes('*') ? wildcardSubdomainFaults : dnsSubdomainFaults)(host));
  }
  if (http === undefined) return;
  faults.at('http', () => {
    if ((http.paths ?? []).length === 0) return faults.required('paths');
    faults.each('paths', http.paths, (path) => validatePath(faults, path));
  });
}

function validatePath(faults: Faults, { path = '', pathType, backend }: HTTPIngressPath): void {
  if (!pathType) faults.required('pathType', 'pathType must be specified');
  else if (!PATH_TYPES.includes(pathType)) faults.notSupported('pathType', pathType, PATH_TYPES);
  else if (pathType !== 'ImplementationSpecific' || path !== '') {
    if (!path.startsWith('/')) faults.invalid('path', path, 'must be an absolute path');
    if (pathType !== 'ImplementationSpecific') {
      for (const bad of BAD_SEQUENCES)
        if (path.includes(bad)) faults.invalid('path', path, `must not contain '${bad}'`);
      for (const bad of BAD_SUFFIXES) if (path.endsWith(bad)) faults.invalid('path', path, `cannot end with '${bad}'`);
    }
  }
  if (backend === undefined) return faults.required('backend');
  faults.at('backend', () => validateBackend(faults, backend));
}

function validateBackend(faults: Faults, { service, resource }: IngressBackend): void {
  if (resource !== undefined && service !== undefined) {
    return faults.invalid('', 'resource backend', 'cannot set both resource and service backends');
  }
  if (resource !== undefined) {
    for (const field of ['kind', 'name'] as const) if (!resource[field]) faults.required(['resource', field]);
    return;
  }
  if (service === undefined) return faults.required('', 'must specify one of: `service` or `resource`');
  if (!service.name) faults.required(['service', 'name']);
  else faults.invalidAll(['service', 'name'], service.name, dns1035LabelFaults(service.name));
  const { name, number } = service.port ?? {};
  if (name && number) faults.invalid('', 'service.port', 'cannot set both port name & port number');
  else if (name) faults.invalidAll(['service', 'port', 'name'], name, portNameFaults(name));
  else if (number) faults.invalidAll(['service', 'port', 'number'], number, portNumberFaults(number));
  else faults.required('', 'port name or number is required');
}
