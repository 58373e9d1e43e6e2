// Which controllers run: the list that `--controllers` takes. Pure.

export interface ControllerNames {
  /** Kubernetes' name. */
  readonly name: string;
  /** Older names that are still taken. */
  readonly aliases: readonly string[];
  /** `*` does not turn it on. */
  readonly onlyByName?: boolean;
}

/**
 * `*` turns on all but those that must be named, `name` one, `-name` turns one off, whatever the order. Answers with a predicate, or with the names
 * that nobody knows.
 */
export function parseSelection(
  text: string,
  known: readonly ControllerNames[],
): { readonly unknown: readonly string[]; isEnabled(name: string): boolean } {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const canonical = (name: string) =>
    known.find((controller) => controller.name === name || controller.aliases.includes(name))?.name;
  const on = new Set<string>();
  const off = new Set<string>();
  const unknown: string[] = [];
  for (const item of items) {
    if (item === '*') continue;
    const name = canonical(item.replace(/^-/, ''));
    if (name === undefined) unknown.push(item);
    else (item.startsWith('-') ? off : on).add(name);
  }
  const all = items.includes('*');
  const byName = new Set(known.filter(({ onlyByName }) => onlyByName === true).map(({ name }) => name));
  return { unknown, isEnabled: (name) => on.has(name) || (all && !byName.has(name) && !off.has(name)) };
}
