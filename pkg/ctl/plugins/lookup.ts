// Programs that add verbs: `tkctl foo bar` runs `tkctl-foo-bar` or `kubectl-foo-bar` from the PATH when there is no such
// verb, and what is left of the arguments goes to it. Rules and sentences are kubectl's.
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { World } from '../cli/command.ts';
import { PlainFailure } from '../cli/failure.ts';

/** What the names of plugins begin with; ours first. */
export function pluginPrefixes(program: string): readonly string[] {
  return [...new Set([program, 'kubectl'])];
}

/** Directories of the PATH, each once, in order. */
export function pathDirectories(env: World['env']): string[] {
  return [...new Set((env['PATH'] ?? '').split(delimiter))].filter((directory) => directory.trim() !== '');
}

export interface PluginName {
  /** Without prefix: `foo-bar`. */
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * What arguments may mean, the longest name first; names are made of the words before the first flag, whose own dashes
 * are written as underscores. Of at least `least` words. Pure.
 */
export function pluginNames(argv: readonly string[], least: number): PluginName[] {
  const flagAt = argv.findIndex((argument) => argument.startsWith('-'));
  const words = (flagAt < 0 ? argv : argv.slice(0, flagAt)).map((word) => word.replaceAll('-', '_'));
  const names: PluginName[] = [];
  for (let count = words.length; count >= Math.max(least, 1); count--)
    names.push({ name: words.slice(0, count).join('-'), args: argv.slice(count) });
  return names;
}

export type PluginWorld = Pick<World, 'program' | 'env' | 'programs'>;

/** Runs the plugin that the arguments mean and answers its exit code; undefined when there is none. */
export async function runPlugin(
  argv: readonly string[],
  least: number,
  world: PluginWorld,
): Promise<number | undefined> {
  const [first = ''] = argv;
  if (first.startsWith('-')) throw new PlainFailure(`Error: flags cannot be placed before plugin name: ${first}`);
  for (const { name, args } of pluginNames(argv, least)) {
    const path = await findProgram(
      pluginPrefixes(world.program).map((prefix) => `${prefix}-${name}`),
      world.env,
    );
    if (path !== undefined) return world.programs.run(path, args, {});
  }
  return undefined;
}

async function findProgram(names: readonly string[], env: World['env']): Promise<string | undefined> {
  for (const name of names)
    for (const directory of pathDirectories(env)) {
      const path = join(directory, name);
      if (await isExecutable(path)) return path;
    }
  return undefined;
}

/** False also for what is not there. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
