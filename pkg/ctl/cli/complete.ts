// What may come next on a command line: verbs, flags, resource types and names. Serves the shells' completion.
import type { Command, CommandEntry, CommandGroup } from './command.ts';
import { globalFlags } from './global-flags.ts';
import { isGroup, isRunnable } from './help.ts';

/** Asks the cluster; answers with nothing when it cannot be reached. */
export type Lookup = (words: readonly string[]) => Promise<string[]>;

/** The candidates for the last of `words`, which may be empty or the beginning of something. */
export async function complete(root: CommandGroup, words: readonly string[], lookup: Lookup): Promise<string[]> {
  const last = words.at(-1) ?? '';
  let value: Command | CommandGroup = root;
  let positionals: string[] = [];
  for (const word of words.slice(0, -1)) {
    if (word.startsWith('-')) continue;
    const entry: CommandEntry | undefined = isGroup(value)
      ? value.commands.find((candidate) => candidate.name === word || candidate.aliases?.includes(word) === true)
      : undefined;
    if (entry === undefined) positionals = [...positionals, word];
    else value = await entry.load();
  }
  const candidates = last.startsWith('-')
    ? Object.keys({ ...globalFlags, ...(isRunnable(value) ? value.flags : {}) }).map((name) => `--${name}`)
    : [
        ...(isGroup(value) && positionals.length === 0
          ? value.commands.filter((entry) => entry.hidden !== true).map((entry) => entry.name)
          : []),
        ...(isRunnable(value) ? await lookup(positionals) : []),
      ];
  return candidates.filter((candidate) => candidate.startsWith(last));
}
