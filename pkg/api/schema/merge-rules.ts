// The notation in which lists.ts files state how lists and maps merge, and its parser. A type's rules are one string of
// `field,field:rule` parts; `*` is the type itself. What is not named has Kubernetes' defaults (lists atomic, maps granular).
//   atomic | set | map(key,...)     the list type only
//   merge(key,...)                  a map list that strategic merge patches by its first key
//   mergeSet | mergeAtomic(key)     strategic merge although server-side apply sees a set or an atomic list
//   mergeRetainKeys(key)            like merge, and `$retainKeys` applies to its items
//   atomicMap | granularMap         maps and objects
//   retainKeys | replace            patch strategy of an object

/** Rules by type name. */
export type MergeRules = Readonly<Record<string, string>>;

export type PatchStrategy = 'merge' | 'replace' | 'retainKeys';

/** What a rule says of one field; `listType` and `mapType` are absent where Kubernetes publishes none. */
export interface MergeRule {
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly mapKeys: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly patchStrategies: readonly PatchStrategy[];
  readonly patchMergeKey?: string;
}

const PART = /^([\w*,-]+):(\w+)(?:\(([\w,]+)\))?$/;

/** The rules of one type, by field; throws on a misspelt table. */
export function parseMergeRules(text: string): Map<string, MergeRule> {
  const rules = new Map<string, MergeRule>();
  for (const part of text.split(' ')) {
    const [, names = '', rule = '', keys = ''] = PART.exec(part) ?? [];
    const parsed = ruleOf(rule, keys === '' ? [] : keys.split(','));
    if (parsed === undefined) throw new Error(`merge rule not understood: ${part}`);
    for (const name of names.split(',')) rules.set(name, parsed);
  }
  return rules;
}

function ruleOf(rule: string, keys: readonly string[]): MergeRule | undefined {
  const none = { mapKeys: [], patchStrategies: [] } as const;
  switch (rule) {
    case 'atomic':
    case 'set':
      return { ...none, listType: rule };
    case 'map':
      return { ...none, listType: 'map', mapKeys: keys };
    case 'merge':
      return { listType: 'map', mapKeys: keys, patchStrategies: ['merge'], patchMergeKey: keys[0] };
    case 'mergeSet':
      return { listType: 'set', mapKeys: [], patchStrategies: ['merge'] };
    case 'mergeAtomic':
      return { listType: 'atomic', mapKeys: [], patchStrategies: ['merge'], patchMergeKey: keys[0] };
    case 'mergeRetainKeys':
      return { listType: 'map', mapKeys: keys, patchStrategies: ['merge', 'retainKeys'], patchMergeKey: keys[0] };
    case 'atomicMap':
      return { ...none, mapType: 'atomic' };
    case 'granularMap':
      return { ...none, mapType: 'granular' };
    case 'retainKeys':
    case 'replace':
      return { ...none, patchStrategies: [rule] };
    default:
      return undefined;
  }
}
