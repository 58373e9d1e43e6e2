// Namespaces: what they contain goes before they do, so they carry a finalizer of their own in the spec.
import { namespaces } from '../../resources.ts';
import { labelName } from '../../meta/names.ts';
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
    if (namespace.metadata.name === undefined || namespace.metadata.name === '') return;
    namespace.metadata.labels ??= {};
    namespace.metadata.labels[NAME_LABEL] ??= namespace.metadata.name;
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' };
    const finalizers = (namespace.spec.finalizers ??= []);
    if (!finalizers.includes(FINALIZER)) finalizers.push(FINALIZER);
  },
  prepareForUpdate(namespace, old) {
    namespace.spec.finalizers = old.spec.finalizers;
  },
});
