import { expect, test } from 'vitest';
import type { Command, CommandGroup } from '../../pkg/ctl/cli/command.ts';
import { rootCommand } from '../../pkg/ctl/root-command.ts';
import { clusterEntry } from './cluster.ts';
import { join, leave } from './join.ts';
import { token } from './token.ts';

async function examplesOf(of: Command | CommandGroup): Promise<string[]> {
  const own = 'run' in of ? (of.examples ?? []) : [];
  const below = 'commands' in of ? of.commands : [];
  return [...own, ...(await Promise.all(below.map(async (entry) => examplesOf(await entry.load())))).flat()];
}

test('examples leave the name of the program to the help', async () => {
  const examples = (await Promise.all([rootCommand([clusterEntry]), token, join, leave].map(examplesOf))).flat();
  expect(examples.length).toBeGreaterThan(50);
  expect(examples.filter((example) => /^(tkctl|kubectl)\b/.test(example))).toEqual([]);
});
