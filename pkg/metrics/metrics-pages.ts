// The metrics of components that share a process with a server of the cluster: a registry for each, which the API server or
// the kubelet of that process serves as /metrics/<component>. So a whole process is scraped at one port, with that server's
// authentication.
import { Registry } from 'prom-client';
import { registerBuildInfo } from './build-info.ts';

/** A kubelet names the components of its process in this annotation of its Node, separated by commas. */
export const PAGES_ANNOTATION = 'typekube.dev/metrics-pages';

export class MetricsPages {
  readonly #registries = new Map<string, Registry>();

  /** A new page: a component that was started again begins anew. */
  registry(component: string): Registry {
    const registry = new Registry();
    registerBuildInfo(registry);
    this.#registries.set(component, registry);
    return registry;
  }

  get components(): readonly string[] {
    return [...this.#registries.keys()];
  }

  /** Undefined: no such component is in this process. */
  async text(component: string): Promise<string | undefined> {
    return this.#registries.get(component)?.metrics();
  }
}
