// Validation of pod specs, as pods and every kind with a pod template have them. Rules, order and sentences are
// pkg/apis/core/validation's of Kubernetes 1.35.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import { checkDnsLabel, checkIp, checkOneOf, checkOptionalOneOf, MAX_INT32 } from '../../meta/value-checks.ts';
import type { PodDNSConfig, PodSpec } from '../../schema/generated/core.v1.gen.ts';
import { validateAffinity, validateSpreadConstraints, validateTolerations } from './affinity-validation.ts';
import { validateContainers } from './container-validation.ts';
import { validateRequestsAgainstLimits, validateResourceList } from './resources-validation.ts';
import { validatePodSecurity } from './security-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** The current path is the spec's. */
export function validatePodSpec(faults: Faults, spec: PodSpec): void {
  const volumes = validateVolumes(faults, spec.volumes);
  validateResourceClaims(faults, spec);
  validateContainers(faults, spec, volumes);
  validatePodResources(faults, spec);
  validateHostNetwork(faults, spec);
  checkOneOf(faults, 'restartPolicy', spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  checkOneOf(faults, 'dnsPolicy', spec.dnsPolicy, DNS_POLICIES);
  validateLabels(faults, 'nodeSelector', spec.nodeSelector);
  validatePodSecurity(faults, spec);
  validateAffinity(faults, spec.affinity);
  validateDnsConfig(faults, spec);
  faults.each('readinessGates', spec.readinessGates, ({ conditionType }) =>
    faults.invalidAll('conditionType', conditionType ?? '', qualifiedNameFaults(conditionType ?? '')),
  );
  validateSchedulingGates(faults, spec);
  validateSpreadConstraints(faults, spec.topologySpreadConstraints);
  validateNames(faults, spec);
  validateTolerations(faults, spec.tolerations);
  for (const { ip, hostnames } of spec.hostAliases ?? []) {
    checkIp(faults, ['hostAliases', 'ip'], ip ?? '');
    for (const name of hostnames ?? []) {
      faults.invalidAll(['hostAliases', 'hostnames'], name, dnsSubdomainFaults(name));
    }
  }
  checkOptionalOneOf(faults, 'preemptionPolicy', spec.preemptionPolicy, ['Never', 'PreemptLowerPriority']);
  validateResourceList(faults, 'overhead', spec.overhead);
  validateOs(faults, spec);
}

function validateNames(faults: Faults, spec: PodSpec): void {
  const subdomain = (field: 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'runtimeClassName') => {
    const name = spec[field];
    if (name) faults.invalidAll(field, name, dnsSubdomainFaults(name));
  };
  subdomain('serviceAccountName');
  subdomain('nodeName');
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    faults.invalid('activeDeadlineSeconds', deadline, `must be between 1 and ${MAX_INT32}, inclusive`);
  }
  if (grace !== undefined && grace < 0) {
    faults.invalid('terminationGracePeriodSeconds', grace, 'must be greater than or equal to 0');
  }
  if (spec.hostname) checkDnsLabel(faults, 'hostname', spec.hostname);
  if (spec.subdomain) checkDnsLabel(faults, 'subdomain', spec.subdomain);
  subdomain('priorityClassName');
  subdomain('runtimeClassName');
}

function validateResourceClaims(faults: Faults, { resourceClaims }: PodSpec): void {
  const names = new Set<string>();
  faults.each('resourceClaims', resourceClaims, (claim) => {
    if (!claim.name) faults.required('name');
    else checkDnsLabel(faults, 'name', claim.name);
    if (names.has(claim.name)) faults.duplicate('name', claim.name);
    names.add(claim.name);
    const { resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    if (own !== undefined && template !== undefined) {
      faults.invalid('', claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified');
    } else if (own === undefined && template === undefined) {
      faults.invalid('', claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
  });
}

function validatePodResources(faults: Faults, { resources }: PodSpec): void {
  if (resources === undefined) return;
  faults.at('resources', () => {
    for (const which of ['limits', 'requests'] as const) {
      validateResourceList(faults, which, resources[which]);
      for (const name of Object.keys(resources[which] ?? {})) {
        if (name !== 'cpu' && name !== 'memory' && !name.startsWith('hugepages-')) {
          faults.notSupported([which, `[${name}]`], name, ['cpu', 'hugepages-', 'memory']);
        }
      }
    }
    validateRequestsAgainstLimits(faults, resources.requests ?? {}, resources.limits ?? {});
    if ((resources.claims ?? []).length > 0) {
      faults.forbidden('claims', 'claims may not be set for Resources at pod-level');
    }
  });
}

/** On the host's network a container's port is the host's. */
function validateHostNetwork(faults: Faults, spec: PodSpec): void {
  if (spec.hostNetwork !== true) return;
  for (const segment of ['containers', 'initContainers'] as const) {
    (spec[segment] ?? []).forEach(({ ports }, i) => {
      (ports ?? []).forEach(({ hostPort, containerPort }, j) => {
        if ((hostPort ?? 0) === containerPort) return;
        faults.invalid(
          [segment, i, 'ports', j, 'containerPort'],
          containerPort,
          'must match `hostPort` when `hostNetwork` is true',
        );
      });
    });
  }
}

function validateDnsConfig(faults: Faults, { dnsConfig, dnsPolicy }: PodSpec): void {
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      return faults.required('dnsConfig', 'must provide `dnsConfig` when `dnsPolicy` is None');
    }
    if ((dnsConfig.nameservers ?? []).length === 0) {
      const sentence = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      faults.required(['dnsConfig', 'nameservers'], sentence);
    }
  }
  if (dnsConfig !== undefined) faults.at('dnsConfig', () => validateDns(faults, dnsConfig));
}

const MOST_NAMESERVERS = 3;
const MOST_SEARCHES = 32;
const LONGEST_SEARCH_LIST = 2048;

function validateDns(faults: Faults, { nameservers = [], searches = [], options }: PodDNSConfig): void {
  if (nameservers.length > MOST_NAMESERVERS) {
    faults.invalid('nameservers', nameservers, `must not have more than ${MOST_NAMESERVERS} nameservers`);
  }
  nameservers.forEach((address, i) => checkIp(faults, ['nameservers', i], address));
  if (searches.length > MOST_SEARCHES) {
    faults.invalid('searches', searches, `must not have more than ${MOST_SEARCHES} search paths`);
  }
  if (searches.join(' ').length > LONGEST_SEARCH_LIST) {
    const sentence = `must not have more than ${LONGEST_SEARCH_LIST} characters (including spaces) in the search list`;
    faults.invalid('searches', searches, sentence);
  }
  searches.forEach((search, i) => {
    if (search === '.') return;
    const name = search.replace(/\.$/, '').replaceAll('_', '-');
    faults.invalidAll(['searches', i], search, dnsSubdomainFaults(name));
  });
  faults.each('options', options, ({ name }) => {
    if (!name) faults.required('', 'must not be empty');
  });
}

function validateSchedulingGates(faults: Faults, { schedulingGates }: PodSpec): void {
  const names = new Set<string>();
  faults.each('schedulingGates', schedulingGates, ({ name }) => {
    faults.invalidAll('', name ?? '', qualifiedNameFaults(name ?? ''));
    if (names.has(name)) faults.duplicate('', name);
    names.add(name);
  });
}

function validateOs(faults: Faults, { os }: PodSpec): void {
  if (os === undefined) return;
  if (!os.name) faults.required(['os', 'name'], 'cannot be empty');
  else checkOneOf(faults, ['os', 'name'], os.name, ['linux', 'windows']);
}
