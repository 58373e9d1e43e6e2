// RuntimeClasses: ways of running containers that nodes offer.
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { dnsLabelFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { runtimeClasses } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { RuntimeClass } from '../../schema/generated/node.v1.gen.ts';
import { validateTolerations } from '../../core/v1/affinity-validation.ts';
import { canonicaliseResourceList } from '../../core/v1/resource-amounts.ts';
import { validateResourceList } from '../../core/v1/resources-validation.ts';

export const runtimeClassKind = defineKind<RuntimeClass>({
  type: runtimeClasses,
  schema: 'node.v1.RuntimeClass',
  columns: columns(
    text(
      'Handler',
      'handler specifies the underlying runtime and configuration that the CRI implementation will use to handle pods of this class.',
      ({ handler }) => handler,
    ),
    age(),
  ),
  setDefaults: ({ overhead }) => canonicaliseResourceList(overhead?.podFixed),
  validate,
  validateUpdate(runtime, old) {
    const faults = new Faults();
    if (runtime.handler !== old.handler) faults.invalid('handler', runtime.handler, IMMUTABLE);
    return faults.errors;
  },
});

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const faults = new Faults();
  faults.invalidAll('handler', handler ?? '', dnsLabelFaults(handler ?? ''));
  if (overhead !== undefined) faults.at('overhead', () => validateResourceList(faults, 'podFixed', overhead.podFixed));
  if (scheduling !== undefined) {
    faults.at('scheduling', () => {
      validateLabels(faults, 'nodeSelector', scheduling.nodeSelector);
      validateTolerations(faults, scheduling.tolerations);
    });
  }
  return faults.errors;
}
