// Validation of pod specs, as pods and every kind with a pod template have them. Rules, order and sentences are
// pkg/apis/core/validation's of Kubernetes 1.35.
import { key, type Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import { compareQuantities } from '../../meta/quantity.ts';
import { checkDnsLabel, checkIp, checkOneOf, MAX_INT32 } from '../../meta/value-checks.ts';
import type { PodDNSConfig, PodSpec } from '../../schema/generated/core.v1.gen.ts';
import type { ObjectMeta } from '../../schema/generated/meta.v1.gen.ts';
import { validateAffinity, validateSpreadConstraints, validateTolerations } from './affinity-validation.ts';
import { validateContainers } from './container-validation.ts';
import { aggregateContainers, isHugePages, quantityIn } from './resource-amounts.ts';
import { validateContainerResourceName, validateRequirements, validateResourceName } from './resources-validation.ts';
import { validateHostUsers, validatePodSecurity } from './security-validation.ts';
import { validateVolumes } from './volume-validation.ts';
import { validateHostProcesses, validateOs } from './windows-validation.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** The current path is the spec's: of a pod, whose metadata may make names, or of a template. */
export function validatePodSpec(faults: Faults, spec: PodSpec, metadata?: Pick<ObjectMeta, 'name'>): void {
  const inPod = metadata !== undefined;
  if (spec.terminationGracePeriodSeconds === undefined) faults.required('terminationGracePeriodSeconds');
  const volumes = validateVolumes(faults, spec.volumes, { inPod, podName: metadata?.name ?? '' });
  validateResourceClaims(faults, spec);
  validateContainers(faults, spec, volumes);
  validatePodResources(faults, spec);
  validateHostNetwork(faults, spec, inPod);
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
  validateHostProcesses(faults, spec);
  validateHostUsers(faults, spec);
  validateNames(faults, spec);
  validateTolerations(faults, spec.tolerations);
  for (const { ip, hostnames } of spec.hostAliases ?? []) {
    checkIp(faults, ['hostAliases', 'ip'], ip ?? '');
    for (const name of hostnames ?? []) {
      faults.invalidAll(['hostAliases', 'hostnames'], name, dnsSubdomainFaults(name));
    }
  }
  checkSubdomain(faults, spec, 'priorityClassName');
  const { runtimeClassName, preemptionPolicy, overhead } = spec;
  if (runtimeClassName !== undefined) {
    faults.invalidAll('runtimeClassName', runtimeClassName, dnsSubdomainFaults(runtimeClassName));
  }
  if (preemptionPolicy !== undefined) {
    checkOneOf(faults, 'preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }
  if (overhead !== undefined) {
    faults.at('overhead', () => validateRequirements(faults, { limits: overhead }, validateContainerResourceName));
  }
  validateOs(faults, spec);
}

function checkSubdomain(
  faults: Faults,
  spec: PodSpec,
  field: 'serviceAccountName' | 'nodeName' | 'priorityClassName',
): void {
  const name = spec[field];
  if (name) faults.invalidAll(field, name, dnsSubdomainFaults(name));
}

function validateNames(faults: Faults, spec: PodSpec): void {
  checkSubdomain(faults, spec, 'serviceAccountName');
  checkSubdomain(faults, spec, 'nodeName');
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    faults.invalid('activeDeadlineSeconds', deadline, `must be between 1 and ${MAX_INT32}, inclusive`);
  }
  if (spec.hostname) checkDnsLabel(faults, 'hostname', spec.hostname);
  if (spec.subdomain) checkDnsLabel(faults, 'subdomain', spec.subdomain);
}

function validateResourceClaims(faults: Faults, { resourceClaims }: PodSpec): void {
  const names = new Set<string>();
  faults.each('resourceClaims', resourceClaims, (claim) => {
    if (!claim.name) faults.required('name');
    else if (names.has(claim.name)) faults.duplicate('name', claim.name);
    else checkDnsLabel(faults, 'name', claim.name);
    names.add(claim.name);
    const { resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    if (own !== undefined && template !== undefined) {
      faults.invalid('', claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified');
    } else if (own === undefined && template === undefined) {
      faults.invalid('', claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
    if (own !== undefined) faults.invalidAll('resourceClaimName', own, dnsSubdomainFaults(own));
    if (template !== undefined) faults.invalidAll('resourceClaimTemplateName', template, dnsSubdomainFaults(template));
  });
}

function validatePodResources(faults: Faults, spec: PodSpec): void {
  const { resources } = spec;
  if (resources === undefined) return;
  const { requests = {}, limits = {} } = resources;
  faults.at('resources', () => {
    if (resources.claims !== undefined) faults.forbidden('claims', 'claims cannot be set for Resources at pod-level');
    validateRequirements(faults, resources, checkPodResourceName);
    const needed = aggregateContainers(spec.containers, spec.initContainers ?? [], 'requests');
    for (const [name, amount] of Object.entries(needed)) {
      const given = requests[name] ?? '0';
      if (compareQuantities(quantityIn(amount), quantityIn(given)) <= 0) continue;
      const sentence = `must be greater than or equal to aggregate container requests of ${amount}`;
      faults.invalid(['requests', key(name)], given, sentence);
    }
    faults.each('containers', spec.containers, ({ resources: own }) => {
      for (const [name, amount] of Object.entries(own?.limits ?? {})) {
        const most = limits[name];
        if (most === undefined || compareQuantities(quantityIn(amount), quantityIn(most)) <= 0) continue;
        faults.invalid([key(name), 'limits'], amount, `must be less than or equal to pod limits of ${most}`);
      }
    });
  });
}

/** What a pod can ask for as a whole. */
function checkPodResourceName(faults: Faults, name: string): void {
  if (!validateResourceName(faults, name)) return;
  if (name === 'cpu' || name === 'memory' || isHugePages(name)) return;
  faults.notSupported('', name, ['cpu', 'hugepages-', 'memory']);
}

/** On the host's network a container's port is the host's. A template may leave that to its pods. */
function validateHostNetwork(faults: Faults, { hostNetwork, containers }: PodSpec, inPod: boolean): void {
  if (hostNetwork !== true) return;
  containers.forEach(({ ports }, i) => {
    (ports ?? []).forEach(({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || (hostPort === 0 && !inPod)) return;
      const sentence = 'must match `hostPort` when `hostNetwork` is true';
      faults.invalid(['containers', i, 'ports', j, 'containerPort'], containerPort, sentence);
    });
  });
}

function validateDnsConfig(faults: Faults, { dnsConfig, dnsPolicy }: PodSpec): void {
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      return faults.required('dnsConfig', 'must provide `dnsConfig` when `dnsPolicy` is None');
    }
    if ((dnsConfig.nameservers ?? []).length === 0) {
      const sentence = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return faults.required(['dnsConfig', 'nameservers'], sentence);
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
