// ControllerRevisions: what a StatefulSet's or DaemonSet's template once was.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE, NOT_NEGATIVE } from '../../meta/field-faults.ts';
import { controllerOf } from '../../meta/owner-references.ts';
import type { FieldError } from '../../meta/status.ts';
import { controllerRevisions } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ControllerRevision } from '../../schema/generated/apps.v1.gen.ts';

export const controllerRevisionKind = defineKind<ControllerRevision>({
  type: controllerRevisions,
  schema: 'apps.v1.ControllerRevision',
  unconditionalUpdate: true,
  columns: columns(
    text('Controller', 'Controller of the object', ({ metadata }) => {
      const owner = controllerOf(metadata);
      if (owner === undefined) return '<none>';
      const [group] = owner.apiVersion.split('/');
      const qualified = owner.apiVersion.includes('/')
        ? `${owner.kind.toLowerCase()}.${group}`
        : owner.kind.toLowerCase();
      return `${qualified}/${owner.name}`;
    }),
    text('Revision', 'revision indicates the revision of the state represented by Data.', ({ revision }) => revision),
    age(),
  ),
  setDefaults(object) {
    object.revision ??= 0;
  },
  validate,
  validateUpdate(object, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(object.data, old.data)) faults.invalid('data', object.data, IMMUTABLE);
    return [...validate(object), ...faults.errors];
  },
});

function validate({ revision, data }: ControllerRevision): FieldError[] {
  const faults = new Faults();
  if (data === undefined) faults.required('data', 'data is mandatory');
  if (revision < 0) faults.invalid('revision', revision, NOT_NEGATIVE);
  return faults.errors;
}
