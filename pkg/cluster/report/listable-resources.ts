// Which lists an API server has, by its own discovery: every kind, those of custom resources too, but none that holds secrets.
import type { ApiProbe } from '../api-probe.ts';

export interface ListableResource {
  readonly path: string;
  /** `apps_v1_deployments` */
  readonly file: string;
}

/** What they hold is for nobody else. */
const LEFT_OUT = ['secrets'];

/** A group or a resource as discovery answers it, as far as it matters; any field may be missing. */
interface Discovered {
  readonly preferredVersion?: { readonly groupVersion?: string };
  readonly name?: string;
  readonly verbs?: readonly string[];
}

export async function listableResources(probe: ApiProbe): Promise<ListableResource[]> {
  const { body } = await probe.get('/apis');
  const groups = itemsOf(body, 'groups');
  const versions = groups
    .map(({ preferredVersion }) => preferredVersion?.groupVersion ?? '')
    .filter((text) => text !== '');
  const found: ListableResource[] = [];
  for (const prefix of ['/api/v1', ...versions.map((version) => `/apis/${version}`)]) {
    const answer = await probe.get(prefix);
    for (const { name = '', verbs = [] } of itemsOf(answer.body, 'resources')) {
      if (name.includes('/') || !verbs.includes('list') || LEFT_OUT.includes(name)) continue;
      const path = `${prefix}/${name}`;
      found.push({ path, file: path.replace(/^\/apis?\//, '').replaceAll('/', '_') });
    }
  }
  return found;
}

/** What discovery answers is as loose as anybody's JSON; the fields read from it are optional. */
function itemsOf(body: unknown, field: string): readonly Discovered[] {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[field] : undefined;
  return Array.isArray(value) ? (value as Discovered[]) : [];
}
