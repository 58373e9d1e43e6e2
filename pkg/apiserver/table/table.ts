// What `kubectl get` asks for: objects as rows of a Table with the kind's own columns, and objects reduced to their metadata
// (meta.k8s.io Table, PartialObjectMetadata and its list). Pure; the caller encodes.
import type { Column, KindDefinition } from '../../api/schema/kind.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { MetaVersion } from '../http/accept.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  /** What each row carries of its object; kubectl asks for the metadata. */
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch; ages are counted from it. */
  readonly now: number;
  /** resourceVersion, continue, remainingItemCount; of the list, or of the one object. */
  readonly listMetadata?: object;
  /** A watch says the columns once: later tables come without them. */
  readonly noHeaders?: boolean;
  /** Default v1. */
  readonly metaVersion?: MetaVersion;
}

/** Anything with columns: a kind, or a form that several kinds are shown in. */
export type Tabular = Pick<KindDefinition, 'columns' | 'rowConditions'>;

interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

interface Row {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly conditions?: readonly object[];
  readonly object: object | null;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly Row[];
}

export interface PartialObjectMetadata {
  readonly kind: 'PartialObjectMetadata';
  readonly apiVersion: string;
  readonly metadata: object;
}

/** A Table of the objects in the given order. */
export function toTable(kind: Tabular, objects: readonly KubeObject[], options: TableOptions): Table {
  const { columns } = kind;
  return {
    kind: 'Table',
    apiVersion: options.metaVersion ?? 'meta.k8s.io/v1',
    metadata: options.listMetadata ?? {},
    columnDefinitions: options.noHeaders === true ? null : columns.map(definitionOf),
    rows: objects.map((object) => rowOf(kind, object, options)),
  };
}

function definitionOf({ name, type, format, description, priority }: Column<KubeObject>): ColumnDefinition {
  return { name, type, format, description, priority };
}

function rowOf(kind: Tabular, object: KubeObject, { includeObject, now, metaVersion }: TableOptions): Row {
  const conditions = kind.rowConditions?.(object) ?? [];
  return {
    cells: kind.columns.map((column) => column.cell(object, now)),
    ...(conditions.length > 0 && { conditions }),
    object: included(object, includeObject, metaVersion),
  };
}

function included(object: KubeObject, includeObject: IncludeObject, metaVersion?: MetaVersion): object | null {
  switch (includeObject) {
    case 'None':
      return null;
    case 'Metadata':
      return toPartialObjectMetadata(object, metaVersion);
    case 'Object':
      return object;
  }
}

export function toPartialObjectMetadata(
  object: KubeObject,
  apiVersion: MetaVersion = 'meta.k8s.io/v1',
): PartialObjectMetadata {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}

/** `listMetadata` as in the plain list: resourceVersion, continue, remainingItemCount. */
export function toPartialObjectMetadataList(
  objects: readonly KubeObject[],
  listMetadata: object,
  apiVersion: MetaVersion = 'meta.k8s.io/v1',
): { kind: string; apiVersion: string; metadata: object; items: readonly PartialObjectMetadata[] } {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata: listMetadata,
    items: objects.map((object) => toPartialObjectMetadata(object, apiVersion)),
  };
}
