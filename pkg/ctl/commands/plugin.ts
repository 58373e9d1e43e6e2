// `plugin list`: the programs on the PATH that add verbs, and what is wrong with them.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { command, type Command, type CommandEntry, type CommandGroup, type Context } from '../cli/command.ts';
import { messageOf, PlainFailure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { isGroup } from '../cli/help.ts';
import { isExecutable, pathDirectories, pluginPrefixes } from '../plugins/lookup.ts';
import { rootCommand } from '../root-command.ts';

/** Verbs that are there without standing in the list of commands. */
const BUILT_IN = ['help', 'options'];

interface Found {
  readonly name: string;
  readonly path: string;
  /** Of the verb that it adds. */
  readonly words: readonly string[];
}

const list = command({
  summary: "List all visible plugin executables on a user's PATH",
  usage: '[flags]',
  notes: 'Plugins are executable files whose names begin with "tkctl-" or "kubectl-".',
  examples: ['plugin list', 'plugin list --name-only'],
  flags: { 'name-only': boolFlag('Display only the name of each plugin, and not its full path.') },
  async run({ flags }, context) {
    const prefixes = pluginPrefixes(context.program);
    const found: Found[] = [];
    // All of the PATH is read before anything is listed, so that what cannot be read is told first.
    for (const directory of pathDirectories(context.env))
      for (const name of await filesIn(directory, context)) {
        const prefix = prefixes.find((candidate) => name.startsWith(`${candidate}-`));
        if (prefix === undefined) continue;
        const words = name.slice(prefix.length + 1).split('-');
        found.push({ name, path: join(directory, name), words });
      }
    if (found.length > 0) context.out.write('The following compatible plugins are available:\n\n');
    const seen = new Map<string, string>();
    let warnings = 0;
    for (const plugin of found) {
      context.out.write(`${flags['name-only'] ? plugin.name : plugin.path}\n`);
      const said = await warningsAbout(plugin, seen.get(plugin.name), context.program);
      if (!seen.has(plugin.name)) seen.set(plugin.name, plugin.path);
      for (const warning of said) context.err.write(`  - ${warning}\n`);
      warnings += said.length;
    }
    if (found.length === 0) throw new PlainFailure('error: unable to find any kubectl plugins in your PATH');
    if (warnings > 0)
      throw new PlainFailure(
        warnings === 1 ? 'error: one plugin warning was found' : `error: ${warnings} plugin warnings were found`,
      );
    return 0;
  },
});

/** Names of what is no directory, sorted; none with a word about it when the directory cannot be read. */
async function filesIn(directory: string, context: Context): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    context.err.write(
      `Unable to read directory ${JSON.stringify(directory)} from your PATH: open ${directory}: ${systemFault(error)}. Skipping...\n`,
    );
    return [];
  }
}

function systemFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  return code === 'ENOTDIR' ? 'not a directory' : messageOf(error);
}

async function warningsAbout(
  { name, path, words }: Found,
  before: string | undefined,
  program: string,
): Promise<string[]> {
  const found: string[] = [];
  if (!(await isExecutable(path)))
    found.push(`warning: ${path} identified as a kubectl plugin, but it is not executable`);
  if (before !== undefined) found.push(`warning: ${path} is overshadowed by a similarly named plugin: ${before}`);
  const verb = await existingCommand(words, program);
  if (verb !== undefined) found.push(`warning: ${name} overwrites existing command: ${JSON.stringify(verb)}`);
  return found;
}

/** The full name of the command that a plugin's words would be taken for; undefined: there is none. */
async function existingCommand(words: readonly string[], program: string): Promise<string | undefined> {
  const [verb = ''] = words;
  if (BUILT_IN.includes(verb)) return `${program} ${verb}`;
  let value: Command | CommandGroup = rootCommand();
  let path = program;
  for (const word of words) {
    if (!isGroup(value)) break;
    const entry: CommandEntry | undefined = value.commands.find(
      ({ name, aliases }) => name === word || aliases?.includes(word) === true,
    );
    if (entry === undefined) break;
    value = await entry.load();
    path = `${path} ${entry.name}`;
  }
  return path === program ? undefined : path;
}

export const plugin: CommandGroup = {
  summary: 'Provides utilities for interacting with plugins',
  notes:
    'Plugins add verbs: the program "tkctl-foo-bar" or "kubectl-foo-bar" on the PATH is run by "tkctl foo bar", with the arguments behind these words.',
  commands: [{ name: 'list', summary: list.summary, load: async () => list }],
};
