// The kinds of metrics.k8s.io/v1beta1 as discovery and tables know them. They are reckoned when somebody asks and never stored.
import type { ObjectMeta } from '../../api/schema/generated/meta.v1.gen.ts';
import { addQuantities, formatQuantity, parseQuantity, quantityOf, type Quantity } from '../../api/meta/quantity.ts';
import { defineKind } from '../../api/schema/define-kind.ts';
import type { Column, KindDefinition } from '../../api/schema/kind.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';

export const METRICS_GROUP = 'metrics.k8s.io';

export interface ResourceUsage {
  readonly cpu: string;
  readonly memory: string;
}

interface Measured extends KubeObject {
  metadata: ObjectMeta;
  /** The later of the two looks, and the time between them. */
  timestamp: string;
  window: string;
}

export interface NodeMetrics extends Measured {
  usage: ResourceUsage;
}

export interface PodMetrics extends Measured {
  containers: readonly { readonly name: string; readonly usage: ResourceUsage }[];
}

function typeOf<T>(kind: string, resource: string, namespaced: boolean): ResourceType<T> {
  return { group: METRICS_GROUP, version: 'v1beta1', resource, kind, namespaced };
}

export const nodeMetricsKind: KindDefinition<NodeMetrics> = defineKind<NodeMetrics>({
  type: typeOf('NodeMetrics', 'nodes', false),
  schema: 'metrics.v1beta1.NodeMetrics',
  singular: '',
  verbs: ['get', 'list'],
  columns: usageColumns(({ usage }) => [usage]),
});

export const podMetricsKind: KindDefinition<PodMetrics> = defineKind<PodMetrics>({
  type: typeOf('PodMetrics', 'pods', true),
  schema: 'metrics.v1beta1.PodMetrics',
  singular: '',
  verbs: ['get', 'list'],
  columns: usageColumns(({ containers }) => containers.map(({ usage }) => usage)),
});

/** metrics-server's columns: the sum over what an object consists of. */
function usageColumns<T extends Measured>(parts: (object: T) => readonly ResourceUsage[]): readonly Column<T>[] {
  const column = (name: string, format: string, description: string, cell: (object: T) => string): Column<T> => {
    return { name, type: 'string', format, priority: 0, description, cell };
  };
  return [
    column('Name', 'name', 'Name of the resource', ({ metadata }) => metadata.name),
    column('cpu', 'quantity', '', (object) => total(parts(object).map(({ cpu }) => cpu))),
    column('memory', 'quantity', '', (object) => total(parts(object).map(({ memory }) => memory))),
    column('Window', 'duration', '', ({ window }) => window),
  ];
}

function total(amounts: readonly string[]): string {
  const quantities = amounts.flatMap((amount): Quantity[] => {
    const parsed = parseQuantity(amount);
    return parsed.ok ? [parsed.quantity] : [];
  });
  return formatQuantity(quantities.reduce(addQuantities, quantityOf(0, 'decimalSI')));
}
