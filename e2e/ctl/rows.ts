// All rows of the differential test, by family of verbs.
import { applyRows } from './rows/apply.ts';
import { certificateRows } from './rows/certificates.ts';
import { changeRows } from './rows/change.ts';
import { configRows } from './rows/config.ts';
import { createRows } from './rows/create.ts';
import { deleteRows } from './rows/delete.ts';
import { describeRows } from './rows/describe.ts';
import { discoveryRows } from './rows/discovery.ts';
import { getRows } from './rows/get.ts';
import { nodeRows } from './rows/nodes.ts';
import { podRows } from './rows/pods.ts';
import { rolloutRows } from './rows/rollout.ts';
import { templateRows } from './rows/templates.ts';
import type { Row } from './rows/row.ts';

export interface NamedRow {
  readonly family: string;
  readonly row: Row;
}

const families: Readonly<Record<string, readonly Row[]>> = {
  get: getRows,
  templates: templateRows,
  create: createRows,
  apply: applyRows,
  change: changeRows,
  certificates: certificateRows,
  delete: deleteRows,
  rollout: rolloutRows,
  describe: describeRows,
  discovery: discoveryRows,
  config: configRows,
  nodes: nodeRows,
  pods: podRows,
};

export const rows: readonly NamedRow[] = Object.entries(families).flatMap(([family, members]) =>
  members.map((row) => ({ family, row })),
);
