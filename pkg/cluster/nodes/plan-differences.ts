// In what a cluster that exists is not the one that is asked for, in words. Pure.
import { planOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

export interface PlanDifferences {
  /** `1 worker, not 3`; empty: none. */
  readonly words: readonly string[];
  /** Set when nothing but the number of workers differs. */
  readonly workers: number | undefined;
}

const SETTINGS = {
  store: 'store',
  podSubnet: 'podSubnet',
  serviceSubnet: 'serviceSubnet',
  apiServerAddress: 'apiServerAddress',
  apiServerPort: 'apiServerPort',
  privilegedNodes: 'privilegedNodes',
  apiServer: 'apiServer.extraArgs',
  controllerManager: 'controllerManager.extraArgs',
  scheduler: 'scheduler.extraArgs',
} as const;

export function planDifferences(record: NodesRecord, asked: NodesRecord): PlanDifferences {
  const counts = (['control-plane', 'worker'] as const).flatMap((role) => {
    const [there, wanted] = [planOf(record, role).length, planOf(asked, role).length];
    return there === wanted ? [] : [`${there} ${role.replace('-', ' ')}${there === 1 ? '' : 's'}, not ${wanted}`];
  });
  const settings = Object.entries(SETTINGS).flatMap(([field, shown]) => {
    const [there, wanted] = [record, asked].map((of) => text(of[field as keyof typeof SETTINGS]));
    return there === wanted ? [] : [`${shown} ${there}, not ${wanted}`];
  });
  const nodes = asked.containers.flatMap((wanted) => {
    const there = record.containers.find(({ name }) => name === wanted.name);
    return there === undefined ? [] : nodeDifferences(there, wanted);
  });
  const words = [...counts, ...settings, ...nodes];
  const workers = planOf(asked, 'worker').length;
  const isAll = words.length === 1 && workers !== planOf(record, 'worker').length;
  return { words, workers: isAll ? workers : undefined };
}

function nodeDifferences(there: ContainerPlan, wanted: ContainerPlan): string[] {
  const ports = ({ portMappings }: ContainerPlan) =>
    portMappings.map(
      ({ listenAddress, hostPort, containerPort, protocol }) =>
        `${listenAddress}:${hostPort}:${containerPort}/${protocol.toLowerCase()}`,
    );
  return [
    ...(text(there.labels) === text(wanted.labels)
      ? []
      : [`labels ${text(there.labels)} on ${there.name}, not ${text(wanted.labels)}`]),
    ...(text(ports(there)) === text(ports(wanted))
      ? []
      : [`ports ${ports(there).join(' ') || 'none'} on ${there.name}, not ${ports(wanted).join(' ') || 'none'}`]),
  ];
}

/** The same for objects that differ by the order of their fields. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
