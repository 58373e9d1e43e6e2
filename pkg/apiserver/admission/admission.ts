// Admission: what may change or refuse a write between decoding and storing. Plugins have Kubernetes' names and order; one
// that has nothing to do with a resource costs one set lookup.
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Clock, Instant } from '../../clock/clock.ts';
import { AdmissionMeter, admissionLines } from '../metrics/admission-metrics.ts';
import type { ServedKind } from '../registry/served-kind.ts';
import type { UserInfo } from '../request.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** Plugins that change come before the object's validation, plugins that only look after it. */
export type AdmissionStep = 'admit' | 'validate';

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

interface ChainLink {
  readonly plugin: AdmissionPlugin;
  readonly meter: AdmissionMeter;
}

export class AdmissionChain {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #links: Readonly<Record<AdmissionStep, readonly ChainLink[]>>;
  readonly #steps = { admit: new AdmissionMeter(), validate: new AdmissionMeter() };

  constructor(plugins: readonly AdmissionPlugin[], clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
    const having = (step: AdmissionStep) =>
      plugins.filter((plugin) => plugin[step] !== undefined).map((plugin) => ({ plugin, meter: new AdmissionMeter() }));
    this.#links = { admit: having('admit'), validate: having('validate') };
  }

  /** Whether any plugin changed or might have changed the object. */
  admit(request: AdmissionRequest): Promise<boolean> {
    return this.#pass('admit', request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    await this.#pass('validate', request);
  }

  lines(): string[] {
    const plugins = (['admit', 'validate'] as const).flatMap((step) =>
      this.#links[step].map(({ plugin, meter }) => ({ name: plugin.name, step, meter })),
    );
    return admissionLines(this.#steps, plugins);
  }

  async #pass(step: AdmissionStep, request: AdmissionRequest): Promise<boolean> {
    const { operation } = request;
    const began = this.#clock.elapsed();
    let at = began;
    let asked: AdmissionMeter | undefined;
    try {
      for (const { plugin, meter } of this.#links[step]) {
        if (!concerns(plugin, request)) continue;
        asked = meter;
        const work = plugin[step]?.(request);
        if (work !== undefined) await work;
        const now = this.#clock.elapsed();
        meter.observe(operation, false, (now - at) / 1000);
        at = now;
      }
    } catch (error) {
      const now = this.#clock.elapsed();
      asked?.observe(operation, true, (now - at) / 1000);
      this.#steps[step].observe(operation, true, (now - began) / 1000);
      throw error;
    }
    this.#steps[step].observe(operation, false, (at - began) / 1000);
    return asked !== undefined;
  }
}

function concerns(plugin: AdmissionPlugin, { operation, served, subresource }: AdmissionRequest): boolean {
  if (!plugin.operations.has(operation)) return false;
  if (plugin.resources === undefined) return true;
  const { resource } = served.definition.type;
  return plugin.resources.has(subresource === '' ? resource : `${resource}/${subresource}`);
}
