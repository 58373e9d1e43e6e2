// What the API server must know of a kind besides its fields. One KindDefinition per kind stands in
// pkg/api/<group>/<version>/<kind>.ts; pkg/api/kinds.ts lists them all. Built-in kinds and (later) custom resources take
// this one form. Everything here is pure.
import type { FieldError } from '../meta/status.ts';
import type { KubeObject, ResourceType } from './resource-type.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface SubresourceDefinition {
  /** `status`, `scale`, `binding`, `log`, ... */
  readonly name: string;
  /** The kind its bodies have: `{group: 'autoscaling', version: 'v1', kind: 'Scale'}`. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

/** A column of `kubectl get`; names, types, formats and priorities are Kubernetes' own. */
export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly priority: number;
  readonly description: string;
  cell(object: T, now: number): string | number | boolean | null;
}

/** Kubernetes' TableRowCondition. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface StrategyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly user: {
    readonly name: string;
    readonly groups: readonly string[];
    readonly uid?: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

export interface KindDefinition<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  /** Its type in the field tables: `core.v1.Pod`. */
  readonly schema: string;
  readonly listKind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly SubresourceDefinition[];
  readonly columns: readonly Column<T>[];

  /** What `?fieldSelector=` may name besides metadata.name and metadata.namespace, with this object's values. */
  selectableFields(object: T): Readonly<Record<string, string>>;

  /** Faults of a name, each a sentence like Kubernetes' own; empty when it is good. `prefix`: it is a generateName. */
  validateName(name: string, prefix: boolean): string[];

  /** Fills in what the client left out. Runs on every write (and on what patches yield), idempotent. */
  setDefaults(object: T): void;

  /** Before validation of a create: drop what clients may not set (status), set generation. Mutates. */
  prepareForCreate(object: T, context: StrategyContext): void;
  /** Before validation of an update of the main resource: keep the old status, bump generation when the spec changed. */
  prepareForUpdate(object: T, old: T, context: StrategyContext): void;
  /** Before validation of an update of `/status`: keep the old spec, labels of the main resource and so on. */
  prepareForStatusUpdate(object: T, old: T, context: StrategyContext): void;

  /** Everything but metadata, which the registry checks itself by pkg/api/meta/object-meta-validation.ts. */
  validate(object: T): FieldError[];
  validateUpdate(object: T, old: T): FieldError[];
  validateStatusUpdate(object: T, old: T): FieldError[];

  /** Said in the Warning header of every answer, whatever is asked of the kind. */
  readonly deprecation?: string;
  /** Sentences for the Warning header. `old` is undefined on create. */
  warnings(object: T, old: T | undefined): string[];

  /** Whether PUT to a name that does not exist creates it (Kubernetes: true for a few kinds such as Lease, Endpoints, Event). */
  readonly createOnUpdate: boolean;
  /** Whether an update without resourceVersion is let through (Kubernetes' AllowUnconditionalUpdate). */
  readonly unconditionalUpdate: boolean;

  /** Seconds that the object lives on with a deletionTimestamp; undefined: kinds that are deleted at once. Pods only, today. */
  gracefulDeletion?(object: T, requestedSeconds: number | undefined): number;

  /** Default propagation when the client names none: 'background' for all but Kubernetes' legacy exceptions. */
  readonly defaultPropagation: 'background' | 'orphan';

  /** For kinds with `/scale`. */
  readonly scale?: {
    read(object: T): { replicas: number; statusReplicas: number; selector: string };
    write(object: T, replicas: number): void;
  };

  /** Every name that selectableFields can answer, so that an unknown one is refused before any object is read. */
  readonly fieldLabels: readonly string[];

  /** For kinds that are another kind's view: objects are stored as that kind (events.k8s.io/v1 Events as core/v1 Events). */
  readonly storage?: {
    readonly type: ResourceType<KubeObject>;
    toStored(object: T): KubeObject;
    fromStored(stored: KubeObject): T;
  };

  /** Conditions of this object's row in a Table, such as that a pod has completed. */
  rowConditions?(object: T): readonly RowCondition[];

  /** Whether a finished DELETE answers with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
}
