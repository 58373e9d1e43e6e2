// Admission: what may change or refuse a write between decoding and storing. Plugins have Kubernetes' names and order; one
// that has nothing to do with a resource costs one set lookup.
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ServedKind } from '../registry/served-kind.ts';
import type { UserInfo } from '../request.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionRequest {
  readonly operation: Operation;
  readonly served: ServedKind;
  readonly subresource: string;
  readonly namespace: string;
  /** '' for a create whose name is yet to be made. */
  readonly name: string;
  /** What is to be stored; plugins may change it while they admit. Undefined for deletions. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly now: Instant;
  warn(text: string): void;
}

export interface AdmissionPlugin {
  /** As in `--enable-admission-plugins`. */
  readonly name: string;
  readonly operations: ReadonlySet<Operation>;
  /** `resource` or `resource/subresource`, without the group; undefined: all. */
  readonly resources: ReadonlySet<string> | undefined;
  /** Changes the object; throws ApiError to refuse. A plain answer is given where nothing needs to be awaited. */
  admit?(request: AdmissionRequest): Promise<void> | void;
  /** Sees the final object; throws ApiError to refuse. */
  validate?(request: AdmissionRequest): Promise<void> | void;
}

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** Whether any plugin changed or might have changed the object. */
  async admit(request: AdmissionRequest): Promise<boolean> {
    let touched = false;
    for (const plugin of this.#plugins) {
      if (plugin.admit === undefined || !concerns(plugin, request)) continue;
      touched = true;
      const work = plugin.admit(request);
      if (work !== undefined) await work;
    }
    return touched;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate === undefined || !concerns(plugin, request)) continue;
      const work = plugin.validate(request);
      if (work !== undefined) await work;
    }
  }
}

function concerns(plugin: AdmissionPlugin, { operation, served, subresource }: AdmissionRequest): boolean {
  if (!plugin.operations.has(operation)) return false;
  if (plugin.resources === undefined) return true;
  const { resource } = served.definition.type;
  return plugin.resources.has(subresource === '' ? resource : `${resource}/${subresource}`);
}
