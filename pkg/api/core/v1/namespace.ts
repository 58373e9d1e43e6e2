// Namespaces: what they contain goes before they do, so they carry a finalizer of their own in the spec.
import { Faults } from '../../meta/field-faults.ts';
import { labelName } from '../../meta/names.ts';
import { validateStandardFinalizer } from '../../meta/object-meta-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { namespaces } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { ALL_VERBS, defineKind, subresource } from '../../schema/define-kind.ts';
import type { Namespace } from '../../schema/generated/core.v1.gen.ts';

const FINALIZER = 'kubernetes';
const NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespaceKind = defineKind<Namespace>({
  type: namespaces,
  schema: 'core.v1.Namespace',
  shortNames: ['ns'],
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  hasStatus: true,
  returnsDeletedObject: true,
  subresources: [subresource('finalize', 'v1', 'Namespace', 'update')],
  nameRule: labelName,
  columns: columns(
    text('Status', 'The status of the namespace', ({ status }) => status.phase ?? ''),
    age(),
  ),
  selectableFields: { 'status.phase': ({ status }) => status.phase, name: ({ metadata }) => metadata.name },
  setDefaults(namespace) {
    namespace.spec ??= {};
    namespace.status ??= {};
    namespace.status.phase ??= 'Active';
    if (!namespace.metadata.name) return;
    namespace.metadata.labels ??= {};
    namespace.metadata.labels[NAME_LABEL] = namespace.metadata.name;
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' };
    const finalizers = (namespace.spec.finalizers ??= []);
    if (!finalizers.includes(FINALIZER)) finalizers.push(FINALIZER);
    // A name that was generated only now has its label still to come.
    if (namespace.metadata.name) {
      namespace.metadata.labels ??= {};
      namespace.metadata.labels[NAME_LABEL] = namespace.metadata.name;
    }
  },
  prepareForUpdate(namespace, old) {
    if (old.spec.finalizers === undefined) delete namespace.spec.finalizers;
    else namespace.spec.finalizers = old.spec.finalizers;
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate(namespace) {
    const faults = new Faults();
    const terminating = namespace.metadata.deletionTimestamp !== undefined;
    if (!terminating && namespace.status.phase !== 'Active') {
      faults.invalid(
        ['status', 'Phase'],
        namespace.status.phase,
        "may only be 'Active' if `deletionTimestamp` is empty",
      );
    }
    if (terminating && namespace.status.phase !== 'Terminating') {
      faults.invalid(
        ['status', 'Phase'],
        namespace.status.phase,
        "may only be 'Terminating' if `deletionTimestamp` is not empty",
      );
    }
    return faults.errors;
  },
});

function validate(namespace: Namespace): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () =>
    faults.each('finalizers', namespace.spec.finalizers, (name) => validateStandardFinalizer(faults, name)),
  );
  return faults.errors;
}
