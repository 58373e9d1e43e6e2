// Building blocks for the columns of `kubectl get`. Every kind's columns begin with Name; the descriptions are the field
// descriptions that Kubernetes itself publishes in a Table.
import { ageOf } from '../meta/duration.ts';
import type { Column } from './kind.ts';
import type { KubeObject } from './resource-type.ts';

type Cell = string | number | boolean | null;

const NAME_DESCRIPTION =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const CREATION_DESCRIPTION =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

/** Name first, then what is given. */
export function columns<T extends KubeObject>(...rest: readonly Column<T>[]): readonly Column<T>[] {
  return [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      priority: 0,
      description: NAME_DESCRIPTION,
      cell: (object) => object.metadata.name,
    },
    ...rest,
  ];
}

export function text<T>(name: string, description: string, cell: (object: T, now: number) => Cell): Column<T> {
  return { name, type: 'string', format: '', priority: 0, description, cell };
}

export function integer<T>(name: string, description: string, cell: (object: T, now: number) => Cell): Column<T> {
  return { name, type: 'integer', format: '', priority: 0, description, cell };
}

/** Shown by `-o wide` only. */
export function wide<T>(column: Column<T>): Column<T> {
  return { ...column, priority: 1 };
}

export function age<T extends KubeObject>(): Column<T> {
  return text('Age', CREATION_DESCRIPTION, (object, now) => ageOf(object.metadata.creationTimestamp, now));
}
