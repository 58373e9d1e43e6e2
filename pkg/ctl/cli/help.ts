// The text of `--help`, for commands and groups of commands.
import type { Command, CommandEntry, CommandGroup } from './command.ts';
import { flagLabel, shownDefault, type FlagTable } from './flags.ts';

export function isGroup(value: Command | CommandGroup): value is CommandGroup {
  return 'commands' in value;
}

export function isRunnable(value: Command | CommandGroup): value is Command {
  return 'run' in value;
}

/** `path`: the full name, `tkctl rollout status`. */
export function helpText(value: Command | CommandGroup, path: string): string {
  const program = path.split(' ')[0] ?? path;
  const parts = [value.summary + (/[.!?]$/.test(value.summary) ? '' : '.')];
  if (value.notes !== undefined) parts.push(value.notes);
  if (isRunnable(value) && value.examples !== undefined)
    parts.push(`Examples:\n${value.examples.map((example) => `  ${program} ${example}`).join('\n')}`);
  if (isGroup(value)) parts.push(...commandSections(value.commands));
  if (isRunnable(value)) {
    const flags = flagsText(value.flags);
    if (flags !== '') parts.push(`Options:\n${flags}`);
    parts.push(`Usage:\n  ${`${path} ${value.usage}`.trim()}`);
  } else parts.push(`Usage:\n  ${path} [flags] [options]`);
  if (isGroup(value)) parts.push(`Use "${path} <command> --help" for more information about a given command.`);
  return `${parts.join('\n\n')}\nUse "${program} options" for a list of global command-line options (applies to all commands).\n`;
}

export function flagsText(table: FlagTable): string {
  return Object.entries(table)
    .filter(([, spec]) => spec.hidden !== true)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, spec]) => {
      const label = spec.short === undefined ? `    --${name}` : `    ${flagLabel(name, spec)}`;
      return `${label}=${shownDefault(spec)}:\n\t${spec.help}\n`;
    })
    .join('\n');
}

function commandSections(commands: readonly CommandEntry[]): string[] {
  const shown = commands.filter((entry) => entry.hidden !== true);
  const width = Math.max(...shown.map((entry) => entry.name.length));
  const sections = new Map<string, string[]>();
  for (const entry of shown) {
    const section = entry.section ?? 'Available Commands';
    const lines = sections.get(section) ?? [];
    lines.push(`  ${entry.name.padEnd(width + 3)}${entry.summary}`);
    sections.set(section, lines);
  }
  return [...sections].map(([section, lines]) => `${section}:\n${lines.join('\n')}`);
}
