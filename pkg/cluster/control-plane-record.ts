// What the control plane of a node is told: the flags of its three programs, as they would be typed. Written by whoever makes
// the cluster, read by cmd/control-plane.

export interface ControlPlaneRecord {
  readonly apiServer: readonly string[];
  readonly scheduler: readonly string[];
  readonly controllerManager: readonly string[];
}

/** Throws an Error that names what is wrong. */
export function parseControlPlaneRecord(text: string): ControlPlaneRecord {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('it holds no object');
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return {
    apiServer: listOf(fields, 'apiServer'),
    scheduler: listOf(fields, 'scheduler'),
    controllerManager: listOf(fields, 'controllerManager'),
  };
}

function listOf(fields: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new Error(`"${name}" is no list of flags`);
  }
  return value;
}
