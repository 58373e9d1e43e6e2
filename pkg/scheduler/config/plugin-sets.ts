// Which plugins act where, after a profile's `plugins` have been applied to the default: `multiPoint` first, then the sets
// of single extension points, each of which drops what it disables and adds what it enables.
import { ConfigurationError, type CheckedObject } from './checked-value.ts';

export interface PluginChoice {
  readonly preEnqueue: readonly string[];
  readonly filter: readonly string[];
  readonly postFilter: readonly string[];
  readonly score: readonly { readonly name: string; readonly weight: number }[];
}

interface Weighted {
  readonly name: string;
  /** 0: the default, which is 1 for a plugin that scores. */
  readonly weight: number;
}

/** Points at which plugins of this scheduler act, or which must keep the one plugin that they have. */
const POINTS = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;
type Point = (typeof POINTS)[number];

/** Kubernetes' plugins that this scheduler does not have: turning them off is granted, turning them on is not. */
const NOT_HERE = new Set([
  'VolumeRestrictions',
  'NodeVolumeLimits',
  'VolumeBinding',
  'VolumeZone',
  'DynamicResources',
  'GangScheduling',
]);

export function applyPluginSets(plugins: CheckedObject | undefined, defaults: readonly Weighted[]): PluginChoice {
  const everywhere = applySet(plugins?.object('multiPoint'), defaults, defaults);
  const at = (point: Point) => applySet(plugins?.object(point), everywhere, defaults);
  const sets = new Map<Point, readonly Weighted[]>(POINTS.map((point) => [point, at(point)]));
  plugins?.refuseOthers();
  const names = (point: Point) => (sets.get(point) ?? []).map(({ name }) => name);
  for (const [point, name] of [
    ['queueSort', 'PrioritySort'],
    ['bind', 'DefaultBinder'],
  ] as const) {
    if (!names(point).includes(name)) {
      throw new ConfigurationError(`${plugins?.at(point) ?? point} must have ${name}, the only plugin for it`);
    }
  }
  return {
    preEnqueue: names('preEnqueue'),
    filter: names('filter').filter((name) => names('preFilter').includes(name)),
    postFilter: names('postFilter'),
    score: (sets.get('score') ?? []).map(({ name, weight }) => ({ name, weight: weight || 1 })),
  };
}

function applySet(set: CheckedObject | undefined, base: readonly Weighted[], known: readonly Weighted[]): Weighted[] {
  if (set === undefined) return [...base];
  const disabled = set.objects('disabled').map((plugin) => readPlugin(plugin, known, true).name);
  const enabled = set.objects('enabled').map((plugin) => readPlugin(plugin, known, false));
  set.refuseOthers();
  const kept = disabled.includes('*') ? [] : base.filter(({ name }) => !disabled.includes(name));
  const replaced = kept.map((plugin) => enabled.find(({ name }) => name === plugin.name) ?? plugin);
  const added = enabled.filter(({ name }) => !kept.some((plugin) => plugin.name === name));
  return [...replaced, ...added];
}

function readPlugin(plugin: CheckedObject, known: readonly Weighted[], disabling: boolean): Weighted {
  const name = plugin.string('name');
  if (name === undefined) throw new ConfigurationError(`${plugin.at('name')} is required`);
  const found = known.find((each) => each.name === name);
  if (found === undefined && !(disabling && (name === '*' || NOT_HERE.has(name)))) {
    throw new ConfigurationError(`${plugin.at('name')} is "${name}", which is not a plugin of this scheduler`);
  }
  // 1000 times the highest score of a plugin still leaves sums exact.
  const weight = plugin.integer('weight', 0, 1000) ?? 0;
  plugin.refuseOthers();
  return { name, weight: weight || (found?.weight ?? 0) };
}
