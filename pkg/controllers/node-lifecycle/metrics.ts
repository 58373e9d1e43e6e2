// What is known of nodes by zone, under the names of Kubernetes' node collector.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { readyStatus } from './health.ts';
import { zoneOf } from './zones.ts';

export interface NodeMetrics {
  /** All nodes were looked at, which took so long. */
  checked(nodes: readonly Node[], seconds: number): void;
  checkedOne(seconds: number): void;
  /** A node was given up: its pods are to be evicted. */
  gaveUp(zone: string): void;
}

export const noNodeMetrics: NodeMetrics = {
  checked: () => undefined,
  checkedOne: () => undefined,
  gaveUp: () => undefined,
};

const ALL_SECONDS = Array.from({ length: 8 }, (_, power) => 0.01 * 4 ** power);
const ONE_SECONDS = Array.from({ length: 8 }, (_, power) => 0.001 * 4 ** power);

export function registerNodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry];
  const byZone = { labelNames: ['zone'] as const, registers };
  const size = new Gauge({
    name: 'node_collector_zone_size',
    help: 'Gauge measuring number of registered Nodes per zones.',
    ...byZone,
  });
  const health = new Gauge({
    name: 'node_collector_zone_health',
    help: 'Gauge measuring percentage of healthy nodes per zone.',
    ...byZone,
  });
  const unhealthy = new Gauge({
    name: 'node_collector_unhealthy_nodes_in_zone',
    help: 'Gauge measuring number of not Ready Nodes per zones.',
    ...byZone,
  });
  const evictions = new Counter({
    name: 'node_collector_evictions_total',
    help: 'Number of Node evictions that happened since current instance of NodeController started.',
    ...byZone,
  });
  const all = new Histogram({
    name: 'node_collector_update_all_nodes_health_duration_seconds',
    help: 'Duration in seconds for NodeController to update the health of all nodes.',
    buckets: ALL_SECONDS,
    registers,
  });
  const one = new Histogram({
    name: 'node_collector_update_node_health_duration_seconds',
    help: 'Duration in seconds for NodeController to update the health of a single node.',
    buckets: ONE_SECONDS,
    registers,
  });
  return {
    checked(nodes, seconds) {
      all.observe(seconds);
      for (const gauge of [size, health, unhealthy]) gauge.reset();
      for (const [zone, members] of Map.groupBy(nodes, zoneOf)) {
        const ready = members.filter((node) => readyStatus(node) === 'True').length;
        size.set({ zone }, members.length);
        health.set({ zone }, (100 * ready) / members.length);
        unhealthy.set({ zone }, members.length - ready);
      }
    },
    checkedOne: (seconds) => one.observe(seconds),
    gaveUp: (zone) => evictions.inc({ zone }),
  };
}
