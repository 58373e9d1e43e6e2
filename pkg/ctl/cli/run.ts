// From arguments to an exit code: finds the command, reads its flags, runs it, and turns whatever went wrong into the text
// and the code that kubectl gives for it.
import { openSession, type Session } from '../rest/session.ts';
import type { Command, CommandEntry, CommandGroup, Context, World } from './command.ts';
import { exitCodeOf, Failure, PlainFailure, printedBy, renderFailure } from './failure.ts';
import type { FlagTable, FlagValue } from './flags.ts';
import { globalFlags } from './global-flags.ts';
import { flagsText, helpText, isGroup, isRunnable } from './help.ts';
import { parseFlags } from './parse-flags.ts';
import { runPlugin } from '../plugins/lookup.ts';
import { cobraSuggestions, nearest } from './suggest.ts';

/** Runs one command line. Never throws; writes what there is to say to the world's streams. */
export async function runCommandLine(root: CommandGroup, argv: readonly string[], world: World): Promise<number> {
  const path = [world.program];
  let server = '';
  let asked: Command | CommandGroup = root;
  try {
    if (argv[0] === '__complete') return await showCompletions(root, argv.slice(1), world);
    const found = await findCommand(root, argv, path, world);
    if (typeof found === 'number') return found;
    asked = found.value;
    return await runCommand(found.value, found.rest, path.join(' '), world, (url) => {
      server = url;
    });
  } catch (error) {
    // kubectl's own handler of interrupts ends with this code.
    if (world.signal.aborted) return 1;
    world.out.write(printedBy(error));
    if (error instanceof Failure && error.showsHelp) world.out.write(helpText(asked, path.join(' ')));
    const text = renderFailure(error, path.join(' '), server);
    world.err.write(text);
    return exitCodeOf(error);
  }
}

interface Found {
  readonly value: Command | CommandGroup;
  readonly rest: readonly string[];
}

/** Walks down the groups by the arguments that are no flags, as cobra does. Extends `path`. */
async function findCommand(
  root: CommandGroup,
  argv: readonly string[],
  path: string[],
  world: World,
): Promise<Found | number> {
  let value: Command | CommandGroup = root;
  let rest = [...argv];
  while (isGroup(value)) {
    const at = firstPositional(rest, isRunnable(value) ? { ...globalFlags, ...value.flags } : globalFlags);
    const word = at < 0 ? undefined : rest[at];
    if (word === undefined) break;
    const entry: CommandEntry | undefined = value.commands.find(
      ({ name, aliases }) => name === word || aliases?.includes(word) === true,
    );
    if (entry === undefined) {
      // Like kubectl's, plugins can add kinds to `create`, and to no other verb.
      if (path.length === 2 && path[1] === 'create' && at === 0) {
        const code = await runPlugin(argv, 2, world);
        if (code !== undefined) return code;
      }
      if (isRunnable(value)) break;
      if (value === root && word === 'help') return showHelp(root, rest.slice(at + 1), world);
      if (value === root && word === 'options') {
        const given = parseFlags(globalFlags, rest);
        if (!given.ok && given.fault.kind !== 'help')
          throw new PlainFailure(`error: ${given.fault.message}\nRun '${path.join(' ')} options' without flags.`);
        world.out.write(`The following options can be passed to any command:\n\n${flagsText(globalFlags)}`);
        return 0;
      }
      const code = value === root ? await runPlugin(argv, 1, world) : undefined;
      if (code !== undefined) return code;
      throw unknownCommand(word, value, path, value === root);
    }
    rest = [...rest.slice(0, at), ...rest.slice(at + 1)];
    path.push(entry.name);
    value = await entry.load();
  }
  return { value, rest };
}

/** The word that says what to do, behind whatever global flags. */
export function verbIn(argv: readonly string[]): string | undefined {
  const at = firstPositional(argv, globalFlags);
  return at < 0 ? undefined : argv[at];
}

/** Position of the first argument that is neither a flag nor a flag's value; -1 without one. */
function firstPositional(argv: readonly string[], table: FlagTable): number {
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--') return -1;
    if (!argument.startsWith('-') || argument === '-') return at;
    if (argument.includes('=')) continue;
    const spec = argument.startsWith('--')
      ? table[argument.slice(2)]
      : argument.length === 2
        ? Object.values(table).find((flag) => flag.short === argument[1])
        : undefined;
    if (spec !== undefined && spec.bare === undefined) at++;
  }
  return -1;
}

function unknownCommand(word: string, group: CommandGroup, path: readonly string[], isRoot: boolean): Failure {
  const names = group.commands.filter((entry) => entry.hidden !== true).map((entry) => entry.name);
  const full = path.join(' ');
  if (!isRoot) {
    const near = nearest(word, names);
    const hint = near.length === 0 ? '' : `\nDid you mean this? ${near.join(', ')}`;
    return new Failure(`unknown command ${JSON.stringify(word)}\nSee '${full} -h' for help and examples${hint}`);
  }
  const suggestions = cobraSuggestions(word, names);
  const hint =
    suggestions.length === 0 ? '' : `\n\nDid you mean this?\n${suggestions.map((name) => `\t${name}\n`).join('')}`;
  return new PlainFailure(`error: unknown command ${JSON.stringify(word)} for ${JSON.stringify(full)}${hint}`);
}

/** What shells ask for behind the user's back; failing silently is what they expect. */
async function showCompletions(root: CommandGroup, words: readonly string[], world: World): Promise<number> {
  const { complete } = await import('./complete.ts');
  const globals = parseFlags(globalFlags, []);
  if (!globals.ok) return 1;
  const found = await complete(root, words, async (positionals) => {
    try {
      await using session = await openSession({
        ...world,
        globals: globalValues(globals.parsed.values, new Set()),
        verb: 'get',
        warn: () => undefined,
      });
      const resources = await session.api.resources();
      const [type] = positionals;
      const resource = type === undefined ? undefined : resources.find(type);
      if (resource === undefined) return resources.all.map((candidate) => candidate.resource);
      const { nameOf, objects } = await import('../objects/access.ts');
      const namespace = resource.namespaced ? session.namespace : '';
      return objects(await session.api.list({ resource, namespace, name: '' }), 'items').map(nameOf);
    } catch {
      return [];
    }
  });
  world.out.write(found.map((candidate) => `${candidate}\n`).join(''));
  return 0;
}

async function showHelp(root: CommandGroup, words: readonly string[], world: World): Promise<number> {
  let value: Command | CommandGroup = root;
  const path = [world.program];
  for (const word of words) {
    if (!isGroup(value)) break;
    const entry: CommandEntry | undefined = value.commands.find(({ name }) => name === word);
    if (entry === undefined) {
      if (value !== root) break;
      world.err.write(`Unknown help topic [\`${words.join('` `')}\`]\n${helpText(root, world.program)}`);
      return 0;
    }
    path.push(entry.name);
    value = await entry.load();
  }
  world.out.write(helpText(value, path.join(' ')));
  return 0;
}

async function runCommand(
  value: Command | CommandGroup,
  argv: readonly string[],
  path: string,
  world: World,
  onServer: (url: string) => void,
): Promise<number> {
  const own: FlagTable = isRunnable(value) ? value.flags : {};
  const table: FlagTable = { ...globalFlags, ...own };
  const result = parseFlags(table, argv);
  if (!result.ok) {
    const { fault } = result;
    if (fault.kind === 'help') {
      world.out.write(helpText(value, path));
      return 0;
    }
    const near = fault.kind === 'unknown' && fault.name.length > 1 ? nearest(fault.name, Object.keys(table)) : [];
    const hint = near.length === 0 ? '' : `\nDid you mean this? ${near.map((name) => `--${name}`).join(', ')}`;
    throw new PlainFailure(`error: ${fault.message}\nSee '${path} --help' for usage.${hint}`);
  }
  const { values, changed, args, dash } = result.parsed;
  if (!isRunnable(value)) {
    // A group by itself is a mistake; the program by itself asks for help.
    const alone = path === world.program;
    (alone || value.helpOnStdout === true ? world.out : world.err).write(helpText(value, path));
    return alone ? 0 : 1;
  }
  const missing = (value.required ?? []).filter((name) => !changed.has(name));
  if (missing.length > 0)
    throw new Failure(`required flag(s) ${missing.map((name) => `"${name}"`).join(', ')} not set`);

  await using parts = new AsyncDisposableStack();
  let session: Promise<Session> | undefined;
  let warnings = 0;
  // A command's own flag of the same name hides the global one: `create rolebinding --user`.
  const hidden = new Set(Object.keys(own));
  const globals = globalValues(values, hidden);
  const context: Context = {
    ...world,
    globals,
    globalsChanged: changed.difference(hidden),
    path,
    session() {
      session ??= openSession({
        ...world,
        globals,
        verb: path.split(' ')[1] ?? '',
        warn: (text) => {
          warnings++;
          world.err.write(world.err.isTerminal ? `\u001b[33;1mWarning:\u001b[0m ${text}\n` : `Warning: ${text}\n`);
        },
      }).then((opened) => {
        parts.use(opened);
        onServer(opened.server);
        return opened;
      });
      return session;
    },
  };
  const code = await value.run({ flags: values, changed, args, dash }, context);
  if (code === 0 && warnings > 0 && globals['warnings-as-errors'])
    throw new Failure(`${warnings} warning${warnings === 1 ? '' : 's'} received`);
  return code;
}

/** The values of the global flags out of those of a command's whole table; those that it hides are as if not given. */
function globalValues(values: Readonly<Record<string, FlagValue>>, hidden: ReadonlySet<string>): Context['globals'] {
  const entries = Object.entries(globalFlags).map(([name, spec]) => [
    name,
    hidden.has(name) ? spec.default : values[name],
  ]);
  // parseFlags gives every flag of the table a value of its type.
  return Object.fromEntries(entries) as Context['globals'];
}
