// `taint`: puts taints on nodes and takes them away.
import type { JsonObject } from '../../api/schema/json.ts';
import { labelValueFaults, qualifiedNameFaults } from '../../api/meta/names.ts';
import { command } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  outputFlags,
  readDryRun,
  readValidation,
  selectorFlag,
  validateFlag,
} from '../cli/shared-flags.ts';
import { objects, put, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { changeObject } from '../resources/change.ts';
import { liveInfos, visit } from '../resources/infos.ts';
import { dryRunSuffix } from './create-from-files.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

interface TaintChanges {
  readonly add: readonly Taint[];
  readonly remove: readonly Omit<Taint, 'value'>[];
}

export const taint = command({
  summary: 'Update the taints on one or more nodes',
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  examples: ['taint nodes worker dedicated=special:NoSchedule', 'taint nodes worker dedicated-'],
  flags: {
    ...outputFlags,
    ...dryRunFlag,
    ...selectorFlag,
    ...validateFlag,
    ...fieldManagerFlag('kubectl-taint'),
    all: boolFlag('Select all nodes in the cluster'),
    overwrite: boolFlag('Allow taints to be overwritten.'),
  },
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const fieldValidation = readValidation(flags.validate);
    const isTaint = (argument: string) => /[=:]/.test(argument) || argument.endsWith('-');
    const first = call.args.findIndex(isTaint);
    const resources = first < 0 ? [...call.args] : call.args.slice(0, first);
    const specs = first < 0 ? [] : call.args.slice(first);
    if (resources.length < 1) throw new Failure('one or more resources must be specified as <resource> <name>');
    const misplaced = specs.find((spec) => !isTaint(spec));
    if (misplaced !== undefined)
      throw new Failure(`all resources must be specified before taint changes: ${misplaced}`);
    if (specs.length === 0) throw new Failure('at least one taint update is required');
    const changes = parseTaints(specs);
    const { infos, failures } = await liveInfos(
      { args: resources, labelSelector: flags.selector, everything: flags.all },
      context,
    );
    await visit(
      infos,
      async (info) => {
        const before = objects(info.object, 'spec', 'taints');
        if (!flags.overwrite) checkOverwrite(info.name, before, changes);
        const operation = operationOf(before, changes);
        const answer = await changeObject(
          info,
          (copy) => put(copy, ['spec', 'taints'], changedTaints(before, changes)),
          { dryRun, fieldManager: flags['field-manager'], type: 'strategic', fieldValidation },
          async () => (await context.session()).api,
        );
        const print = await objectPrinter({
          flags,
          templateGiven: call.changed.has('template'),
          cwd: context.cwd,
          operation,
          dryRunSuffix: dryRunSuffix(dryRun),
        });
        context.out.write(print(answer.object));
      },
      failures,
    );
    return 0;
  },
});

function operationOf(before: readonly JsonObject[], { add, remove }: TaintChanges): string {
  if (add.length === 0) return 'untainted';
  const replaces = add.some((taint) =>
    before.some((old) => text(old, 'key') === taint.key && text(old, 'effect') === taint.effect),
  );
  return remove.length > 0 || replaces ? 'modified' : 'tainted';
}

function parseTaints(specs: readonly string[]): TaintChanges {
  const add: Taint[] = [];
  const remove: Omit<Taint, 'value'>[] = [];
  for (const spec of specs) {
    const removal = spec.endsWith('-');
    const parsed = parseTaint(removal ? spec.slice(0, -1) : spec);
    if (removal) remove.push({ key: parsed.key, effect: parsed.effect });
    else {
      if (parsed.effect === '') throw new UsageFailure(`invalid taint spec: ${spec}`);
      if (add.some((other) => other.key === parsed.key && other.effect === parsed.effect))
        throw new UsageFailure(
          `duplicated taints with the same key and effect: {${parsed.key} ${parsed.value} ${parsed.effect} <nil>}`,
        );
      add.push(parsed);
    }
  }
  for (const taint of add)
    if (remove.some((other) => other.key === taint.key && (other.effect === '' || other.effect === taint.effect)))
      throw new UsageFailure(`can not both modify and remove the following taint(s) in the same command: ${taint.key}`);
  return { add, remove };
}

function parseTaint(spec: string): Taint {
  const parts = spec.split(':');
  const [head = '', effect = ''] = parts;
  // Without an effect there is no value either, as kubectl reads it.
  const pair = parts.length === 1 ? [head] : head.split('=');
  const [key = '', value = ''] = pair;
  if (parts.length > 2 || pair.length > 2) throw new UsageFailure(`invalid taint spec: ${spec}`);
  if (parts.length === 2 && !EFFECTS.includes(effect))
    throw new UsageFailure(`invalid taint effect: ${effect}, unsupported taint effect`);
  const faults = [...qualifiedNameFaults(key), ...labelValueFaults(value)];
  if (faults.length > 0) throw new UsageFailure(`invalid taint spec: ${spec}, ${faults.join('; ')}`);
  return { key, value, effect };
}

function checkOverwrite(node: string, before: readonly JsonObject[], { add }: TaintChanges): void {
  const there = add.filter((taint) =>
    before.some(
      (old) =>
        text(old, 'key') === taint.key && text(old, 'effect') === taint.effect && text(old, 'value') !== taint.value,
    ),
  );
  const [first] = there;
  if (first !== undefined)
    throw new Failure(`node ${node} already has ${first.key} taint(s) with same effect(s) and --overwrite is false`);
}

/** What was there less what goes, then what is new. */
function changedTaints(before: readonly JsonObject[], changes: TaintChanges): JsonObject[] {
  for (const gone of changes.remove) {
    if (
      before.some((old) => text(old, 'key') === gone.key && (gone.effect === '' || text(old, 'effect') === gone.effect))
    )
      continue;
    throw new Failure(
      gone.effect === ''
        ? `taint ${JSON.stringify(gone.key)} not found`
        : `taint ${JSON.stringify(`${gone.key}:${gone.effect}`)} not found`,
    );
  }
  const kept = before.filter((old) => {
    const key = text(old, 'key');
    const effect = text(old, 'effect');
    const gone = changes.remove.some((other) => other.key === key && (other.effect === '' || other.effect === effect));
    const replaced = changes.add.some((other) => other.key === key && other.effect === effect);
    return !gone && !replaced;
  });
  const added = changes.add.map(({ key, value, effect }) => ({ key, ...(value !== '' && { value }), effect }));
  return [...added, ...kept];
}
