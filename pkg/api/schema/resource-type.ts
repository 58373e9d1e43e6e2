// Names a resource and, for the compiler, the type of its objects. What clients, informers and the registry pass around.
import type { ObjectMeta } from './generated/meta.v1.gen.ts';

declare const objectType: unique symbol;

export interface ResourceType<T> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path: `pods`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly [objectType]?: T;
}

/** What every object of every kind has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as a client writes it: the server fills in the rest of the metadata, the defaults and the status. */
export type Draft<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & {
  metadata: Partial<ObjectMeta>;
  status?: T extends { status: infer S } ? S : never;
};

export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
