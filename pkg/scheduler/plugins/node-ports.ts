// Keeps pods off nodes where a host port that they need is taken.
import type { HostPort } from '../framework/host-ports.ts';
import { HostPorts } from '../framework/host-ports.ts';
import type { Failure, Plugin } from '../framework/plugin.ts';

const NAME = 'NodePorts';
const TAKEN: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  evictionHelps: true,
};

export const nodePorts: Plugin = {
  name: NAME,
  filter({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return (node) => (hostPorts.some((port) => node.ports.conflictsWith(port)) ? TAKEN : undefined);
  },
  helps({ hostPorts }, event) {
    if (event.on === 'pod-removed') return conflict(hostPorts, event.pod.hostPorts);
    return event.on === 'node-added';
  },
};

function conflict(wanted: readonly HostPort[], freed: readonly HostPort[]): boolean {
  const ports = new HostPorts();
  ports.add(freed);
  return wanted.some((port) => ports.conflictsWith(port));
}
