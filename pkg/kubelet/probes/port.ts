// A port by number or by the name that the container gives it.
import type { Container } from '../../api/schema/generated/core.v1.gen.ts';

/** Throws for a name that no port of the container has. */
export function portOf(port: number | string, spec: Container): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const named = (spec.ports ?? []).find(({ name }) => name === port);
  if (named === undefined)
    throw new Error(`couldn't find port named ${JSON.stringify(port)} in container ${spec.name}`);
  return named.containerPort;
}
