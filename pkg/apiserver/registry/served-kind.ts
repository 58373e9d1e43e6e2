// A kind as the registry serves it: its definition with what is derived from it once (keys, schema, field labels) and the
// translation between what it shows and what is stored, for kinds that are a view of another kind.
import type { KindDefinition } from '../../api/schema/kind.ts';
import { schemaOf, type ObjectSchema } from '../../api/schema/object-schema.ts';
import { apiVersionOf, type KubeObject } from '../../api/schema/resource-type.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import { STORE_ROOT } from '../watchcache/watch-cache.ts';

export class ServedKind {
  readonly definition: KindDefinition;
  readonly apiVersion: string;
  /** `/registry/<group or core>/<resource>/` */
  readonly prefix: string;
  readonly namespaced: boolean;
  readonly #views = new WeakMap<CachedObject, CachedObject>();
  #schema: ObjectSchema | undefined;
  #fieldLabels: ReadonlySet<string> | undefined;

  constructor(definition: KindDefinition) {
    this.definition = definition;
    this.apiVersion = apiVersionOf(definition.type);
    this.namespaced = definition.type.namespaced;
    const { group, resource } = definition.storage?.type ?? definition.type;
    this.prefix = `${STORE_ROOT}${group === '' ? 'core' : group}/${resource}/`;
  }

  get schema(): ObjectSchema {
    this.#schema ??= schemaOf(this.definition.schema);
    return this.#schema;
  }

  /** Faults of a name of this kind. */
  validateName(name: string, prefix: boolean): string[] {
    return this.definition.validateName(name, prefix);
  }

  /** Group and plural, as messages name the resource. */
  get resource(): { group: string; resource: string } {
    return this.definition.type;
  }

  get groupVersionKind(): { group: string; version: string; kind: string } {
    return this.definition.type;
  }

  keyOf(namespace: string, name: string): string {
    return this.namespaced ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  /** The object as this kind shows it. */
  view(object: CachedObject): CachedObject {
    const { storage } = this.definition;
    if (storage === undefined) return object;
    let view = this.#views.get(object);
    if (view === undefined) {
      view = CachedObject.unstored(storage.fromStored(structuredClone(object.value)), object.revision);
      this.#views.set(object, view);
    }
    return view;
  }

  /** The object as it is stored. */
  toStored(object: KubeObject): KubeObject {
    return this.definition.storage?.toStored(object) ?? object;
  }

  /** Names that `fieldSelector` may use. */
  get fieldLabels(): ReadonlySet<string> {
    this.#fieldLabels ??= new Set(['metadata.name', 'metadata.namespace', ...this.definition.fieldLabels]);
    return this.#fieldLabels;
  }
}
