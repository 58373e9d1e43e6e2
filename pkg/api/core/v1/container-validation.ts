// Validation of containers, init containers and ephemeral containers.
import type { Faults } from '../../meta/field-faults.ts';
import { portNameFaults, portNumberFaults } from '../../meta/names.ts';
import { checkDnsLabel, checkOneOf } from '../../meta/value-checks.ts';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  Volume,
} from '../../schema/generated/core.v1.gen.ts';
import { validateEnv, validateEnvFrom } from './env-validation.ts';
import { validateDevices, validateMounts } from './mount-validation.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateContainerResources } from './resources-validation.ts';
import { validateSecurityContext } from './security-validation.ts';

const MOST_RESTART_RULES = 20;
const MOST_EXIT_CODES = 255;

interface Surroundings {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
  /** Absent if that of the pod is at fault itself. */
  readonly gracePeriod: number | undefined;
  readonly restartPolicy: string | undefined;
  /** Users of the pod are those of the host. */
  readonly hostUsers: boolean;
}

export function validateContainers(faults: Faults, spec: PodSpec, volumes: ReadonlyMap<string, Volume>): void {
  const around: Surroundings = {
    volumes,
    claims: new Set((spec.resourceClaims ?? []).map((claim) => claim.name)),
    gracePeriod: spec.terminationGracePeriodSeconds,
    restartPolicy: spec.restartPolicy,
    hostUsers: spec.hostUsers !== false,
  };
  if (spec.containers.length === 0) faults.required('containers');
  const names = new Set<string>();
  faults.each('containers', spec.containers, (container) => {
    validateCommon(faults, container, around);
    takeName(faults, names, container.name);
    validateLifecycle(faults, container.lifecycle, around.gracePeriod);
    validateProbes(faults, container);
    validateRestarts(faults, container);
  });
  validateHostPorts(faults, 'containers', spec.containers);
  validateInitContainers(faults, spec, around, names);
  faults.each('ephemeralContainers', spec.ephemeralContainers, (container) => {
    validateCommon(faults, container, around);
    checkImageSpace(faults, container.image);
    takeName(faults, names, container.name);
    validateEphemeral(faults, container, spec);
  });
}

function validateInitContainers(faults: Faults, spec: PodSpec, around: Surroundings, names: Set<string>): void {
  const { initContainers = [] } = spec;
  faults.each('initContainers', initContainers, (container) => {
    validateCommon(faults, container, around);
    validateRestarts(faults, container);
    if (container.name || names.has(container.name)) takeName(faults, names, container.name);
    validateInit(faults, container, around);
  });
  // They run one after another, so that two may ask for the same port.
  for (const container of initContainers) validateHostPorts(faults, 'initContainers', [container]);
}

function takeName(faults: Faults, names: Set<string>, name: string): void {
  if (names.has(name)) faults.duplicate('name', name);
  names.add(name);
}

/** Templates may have such images, pods may not. */
export function checkImageSpace(faults: Faults, image = ''): void {
  if (image !== image.trim()) faults.invalid('image', image, 'must not have leading or trailing whitespace');
}

function validateCommon(faults: Faults, container: Container | EphemeralContainer, around: Surroundings): void {
  if (!container.name) faults.required('name');
  else checkDnsLabel(faults, 'name', container.name);
  if (!container.image) faults.required('image');
  checkOneOf(faults, 'terminationMessagePolicy', container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']);
  validatePorts(faults, container.ports);
  validateEnv(faults, container.env);
  validateEnvFrom(faults, container.envFrom);
  validateMounts(faults, container, around.volumes);
  validateDevices(faults, container, around.volumes);
  checkOneOf(faults, 'imagePullPolicy', container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  faults.at('resources', () => validateContainerResources(faults, container.resources, around.claims));
  validateResizePolicy(faults, container, around.restartPolicy);
  validateSecurityContext(faults, container.securityContext, around.hostUsers);
}

function validatePorts(faults: Faults, ports: readonly ContainerPort[] | undefined): void {
  const names = new Set<string>();
  faults.each('ports', ports, ({ name, containerPort, hostPort, protocol }) => {
    if (name) {
      const bad = portNameFaults(name);
      faults.invalidAll('name', name, bad);
      if (bad.length === 0 && names.has(name)) faults.duplicate('name', name);
      names.add(name);
    }
    if (!containerPort) faults.required('containerPort');
    else faults.invalidAll('containerPort', containerPort, portNumberFaults(containerPort));
    if (hostPort) faults.invalidAll('hostPort', hostPort, portNumberFaults(hostPort));
    checkOneOf(faults, 'protocol', protocol, ['SCTP', 'TCP', 'UDP']);
  });
}

/** A port of the host is given once. */
function validateHostPorts(faults: Faults, segment: string, containers: readonly Container[]): void {
  const taken = new Set<string>();
  containers.forEach((container, i) => {
    (container.ports ?? []).forEach(({ hostPort, protocol, hostIP }, j) => {
      if (!hostPort) return;
      const port = `${protocol}/${hostIP ?? ''}/${hostPort}`;
      if (taken.has(port)) faults.duplicate([segment, i, 'ports', j, 'hostPort'], port);
      taken.add(port);
    });
  });
}

/** Kubernetes names no position for most of these. */
function validateResizePolicy(faults: Faults, { resizePolicy }: Container, restartPolicy: string | undefined): void {
  const seen = new Set<string>();
  (resizePolicy ?? []).forEach((policy, i) => {
    if (seen.has(policy.resourceName)) faults.duplicate(['resizePolicy', i], policy.resourceName);
    seen.add(policy.resourceName);
    checkOneOf(faults, 'resizePolicy', policy.resourceName, ['cpu', 'memory']);
    checkOneOf(faults, 'resizePolicy', policy.restartPolicy, ['NotRequired', 'RestartContainer']);
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      const sentence = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      faults.invalid('resizePolicy', policy.restartPolicy ?? '', sentence);
    }
  });
}

/** Containers with a restart policy of their own, and their exceptions from it. */
function validateRestarts(faults: Faults, { restartPolicy, restartPolicyRules = [] }: Container): void {
  if (restartPolicy !== undefined) {
    const known = ['Always', 'Never', 'OnFailure'];
    if (!known.includes(restartPolicy)) faults.notSupported('restartPolicy', restartPolicy, known);
  } else if (restartPolicyRules.length > 0) {
    faults.required('restartPolicy', 'must specify restartPolicy when restart rules are used');
  }
  if (restartPolicyRules.length > MOST_RESTART_RULES) {
    faults.tooMany('restartPolicyRules', restartPolicyRules.length, MOST_RESTART_RULES);
  }
  faults.each('restartPolicyRules', restartPolicyRules, ({ action, exitCodes }) => {
    if (action !== 'Restart') faults.notSupported('action', action ?? '', ['Restart']);
    if (exitCodes === undefined) return faults.required('exitCodes', 'must be specified');
    faults.at('exitCodes', () => {
      const { operator, values = [] } = exitCodes;
      if (operator !== 'In' && operator !== 'NotIn') faults.notSupported('operator', operator ?? '', ['In', 'NotIn']);
      if (values.length > MOST_EXIT_CODES) faults.tooMany('values', values.length, MOST_EXIT_CODES);
    });
  });
}

/** Init containers run to their end, so nothing may wait for them; those that restart always run beside the others. */
function validateInit(faults: Faults, container: Container, around: Surroundings): void {
  if (container.restartPolicy === 'Always') {
    validateLifecycle(faults, container.lifecycle, around.gracePeriod);
    return validateProbes(faults, container);
  }
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field] !== undefined) {
      faults.forbidden(field, 'may not be set for init containers without restartPolicy=Always');
    }
  }
}

const NOT_FOR_EPHEMERAL = [
  'ports',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;
const NOT_IN_EPHEMERAL = 'cannot be set for an Ephemeral Container';

function validateEphemeral(faults: Faults, container: EphemeralContainer, spec: PodSpec): void {
  const { targetContainerName: target, resources = {} } = container;
  const known = [...spec.containers, ...(spec.initContainers ?? [])];
  if (target && !known.some(({ name }) => name === target)) faults.notFound('targetContainerName', target);
  for (const field of NOT_FOR_EPHEMERAL) {
    if (container[field] !== undefined) faults.forbidden(field, NOT_IN_EPHEMERAL);
  }
  if (Object.values(resources).some((part) => part !== undefined)) faults.forbidden('resources', NOT_IN_EPHEMERAL);
  faults.each('volumeMounts', container.volumeMounts, ({ subPath, subPathExpr }) => {
    if (subPath) faults.forbidden('subPath', NOT_IN_EPHEMERAL);
    if (subPathExpr) faults.forbidden('subPathExpr', NOT_IN_EPHEMERAL);
  });
}
