// Validation of what a status update may say of a pod.
import { isIP } from 'node:net';
import { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults, qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkId, checkIp } from '../../meta/value-checks.ts';
import type { Container, ContainerStatus, Pod, PodSpec } from '../../schema/generated/core.v1.gen.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations-validation.ts';

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const faults = new Faults();
  const [now, before] = [pod.status, old.status];
  faults.at('metadata', () => {
    faults.at('annotations', () =>
      validatePodAnnotationsUpdate(faults, pod.metadata.annotations, old.metadata.annotations),
    );
    // Kubernetes reports these as if metadata had them.
    faults.each('conditions', now.conditions, (condition) => {
      const type = condition.type ?? '';
      if (!SYSTEM_CONDITIONS.includes(type)) faults.invalidAll('Type', type, qualifiedNameFaults(type));
    });
  });
  faults.at('status', () => {
    if ((pod.spec.nodeName ?? '') !== (old.spec.nodeName ?? '')) {
      faults.forbidden('nodeName', 'may not be changed directly');
    }
    const { nominatedNodeName } = now;
    if (nominatedNodeName && nominatedNodeName !== before.nominatedNodeName) {
      faults.invalidAll('nominatedNodeName', nominatedNodeName, dnsSubdomainFaults(nominatedNodeName));
    }
    if (before.qosClass && now.qosClass !== before.qosClass) {
      faults.invalid('qosClass', now.qosClass, 'field is immutable');
    }
    validateContainerStatuses(faults, pod, old);
    validateClaimStatuses(faults, pod);
    validateAddresses(faults, 'podIPs', now.podIPs);
    if (now.hostIPs?.[0] !== undefined && now.hostIPs[0].ip !== (now.hostIP ?? '')) {
      faults.invalid(['hostIPs', 0, 'ip'], now.hostIPs[0].ip, 'must be equal to `hostIP`');
    }
    validateAddresses(faults, 'hostIPs', now.hostIPs);
  });
  return faults.errors;
}

function validateContainerStatuses(
  faults: Faults,
  { status: now, spec }: Pod,
  { status: before, spec: was }: Pod,
): void {
  const { restartPolicy } = was;
  validateTransitions(faults, 'containerStatuses', now, before, restartPolicy, []);
  const sidecars = (was.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map(({ name }) => name);
  validateTransitions(faults, 'initContainerStatuses', now, before, restartPolicy, sidecars);
  // Nothing restarts an ephemeral container.
  validateTransitions(faults, 'ephemeralContainerStatuses', now, before, 'Never', []);
  for (const segment of STATUSES) validateUsers(faults, segment, now[segment], spec);
  validateAllocated(faults, 'containerStatuses', now.containerStatuses, spec.containers);
  validateAllocated(faults, 'initContainerStatuses', now.initContainerStatuses, spec.initContainers ?? []);
  faults.each('ephemeralContainerStatuses', now.ephemeralContainerStatuses, ({ allocatedResourcesStatus = [] }) => {
    if (allocatedResourcesStatus.length === 0) return;
    faults.forbidden('allocatedResourcesStatus', 'must not be specified in container status');
  });
}

const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** A container that has ended for good does not come back; those that restart by themselves may. */
function validateTransitions(
  faults: Faults,
  segment: (typeof STATUSES)[number],
  now: Pod['status'],
  before: Pod['status'],
  restartPolicy: string | undefined,
  restarting: readonly string[],
): void {
  if (restartPolicy === 'Always') return;
  (before[segment] ?? []).forEach(({ name, state }, i) => {
    const ended = state?.terminated;
    if (ended === undefined || (ended.exitCode !== 0 && restartPolicy === 'OnFailure')) return;
    if (restarting.includes(name)) return;
    const next = now[segment]?.find((status) => status.name === name);
    if (next !== undefined && next.state?.terminated === undefined) {
      faults.forbidden([segment, i, 'state'], 'may not be transitioned to non-terminated state');
    }
  });
}

function validateUsers(
  faults: Faults,
  segment: string,
  statuses: readonly ContainerStatus[] | undefined,
  { os }: PodSpec,
): void {
  faults.each(segment, statuses, ({ user }) => {
    const { linux } = user ?? {};
    if (linux === undefined) return;
    if (os?.name === 'windows') return faults.forbidden('linux', 'cannot be set for a windows pod');
    checkId(faults, ['linux', 'uid'], linux.uid);
    checkId(faults, ['linux', 'gid'], linux.gid);
    (linux.supplementalGroups ?? []).forEach((id, i) => checkId(faults, ['linux', 'supplementalGroups', i], id));
  });
}

const HEALTH = ['Healthy', 'Unhealthy', 'Unknown'];

function validateAllocated(
  faults: Faults,
  segment: string,
  statuses: readonly ContainerStatus[] | undefined,
  containers: readonly Container[],
): void {
  faults.each(segment, statuses, ({ name: container, allocatedResourcesStatus }) => {
    const resources = containers.find(({ name }) => name === container)?.resources ?? {};
    const claims = (resources.claims ?? []).map(({ name, request }) => `claim:${name}${request ? `/${request}` : ''}`);
    faults.each('allocatedResourcesStatus', allocatedResourcesStatus, (status) => {
      const { name, resources: allocated } = { ...status, name: status.name ?? '' };
      const byClaim = name.startsWith('claim:');
      const known = byClaim ? claims.includes(name) : Object.hasOwn(resources.requests ?? {}, name);
      if (!known && containers.some((one) => one.name === container)) {
        const sentence = byClaim
          ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
          : "must match one of the container's resource requests";
        faults.invalid('name', name, sentence);
      }
      const ids = new Set<string>();
      faults.each('resources', allocated, ({ health = '', resourceID }) => {
        if (!HEALTH.includes(health)) faults.notSupported('health', health, HEALTH);
        if (ids.has(resourceID)) faults.duplicate('resourceID', resourceID);
        ids.add(resourceID);
      });
    });
  });
}

function validateClaimStatuses(faults: Faults, { spec, status }: Pod): void {
  const names = new Set<string>();
  faults.each('resourceClaimStatuses', status.resourceClaimStatuses, ({ name, resourceClaimName: claim }) => {
    if (!spec.resourceClaims?.some((one) => one.name === name)) {
      faults.invalid('name', name, 'must match the name of an entry in `spec.resourceClaims`');
    }
    if (names.has(name)) faults.duplicate('name', name);
    names.add(name);
    if (claim !== undefined) faults.invalidAll('name', claim, dnsSubdomainFaults(claim));
  });
}

/** One address of each family. */
function validateAddresses(faults: Faults, segment: string, addresses: readonly { ip: string }[] | undefined): void {
  if (addresses === undefined) return;
  addresses.forEach(({ ip }, i) => checkIp(faults, [segment, i], ip ?? ''));
  const families = new Set(addresses.map(({ ip }) => isIP(ip ?? '')));
  if (addresses.length > 1 && (families.size !== 2 || addresses.length > 2)) {
    faults.invalid(segment, addresses, 'may specify no more than one IP for each IP family');
  }
  addresses.forEach((address, i) => {
    if (addresses.findIndex(({ ip }) => ip === address.ip) < i) faults.duplicate([segment, i], address);
  });
}
