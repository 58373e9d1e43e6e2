import { describe, expect, test } from 'vitest';
import { boolFlag, durationFlag, intFlag, listFlag, arrayFlag, stringFlag } from './flags.ts';
import { parseFlags } from './parse-flags.ts';

const table = {
  namespace: stringFlag('', { short: 'n' }),
  stdin: boolFlag('', { short: 'i' }),
  tty: boolFlag('', { short: 't' }),
  replicas: intFlag('', { default: 1 }),
  filename: listFlag('', { short: 'f' }),
  literal: arrayFlag(''),
  timeout: durationFlag(''),
  'dry-run': stringFlag('', { default: 'none', bare: 'unchanged' }),
};

function read(...argv: string[]) {
  const result = parseFlags(table, argv);
  return result.ok ? result.parsed : result.fault;
}

describe('reading flags as pflag does', () => {
  test.each([
    { name: 'a flag behind positionals', argv: ['pods', '-n', 'x'], values: { namespace: 'x' }, args: ['pods'] },
    { name: 'a short flag with equals', argv: ['-n=x'], values: { namespace: 'x' }, args: [] },
    { name: 'a short flag with its value attached', argv: ['-nx'], values: { namespace: 'x' }, args: [] },
    { name: 'bundled switches', argv: ['-it', 'p'], values: { stdin: true, tty: true }, args: ['p'] },
    { name: 'a bundle that ends in a value', argv: ['-itn', 'x'], values: { stdin: true, namespace: 'x' }, args: [] },
    { name: 'a switch turned off', argv: ['--tty=false'], values: { tty: false }, args: [] },
    { name: 'a switch that takes no next word', argv: ['--tty', 'false'], values: { tty: true }, args: ['false'] },
    { name: 'a bare value', argv: ['--dry-run', 'client'], values: { 'dry-run': 'unchanged' }, args: ['client'] },
    {
      name: 'lists split at commas and added up',
      argv: ['-f', 'a,b', '-f=c'],
      values: { filename: ['a', 'b', 'c'] },
      args: [],
    },
    { name: 'a quoted comma in a list', argv: ['-f', '"a,b",c'], values: { filename: ['a,b', 'c'] }, args: [] },
    {
      name: 'arrays that keep commas',
      argv: ['--literal=a=1,2', '--literal', 'b'],
      values: { literal: ['a=1,2', 'b'] },
      args: [],
    },
    { name: 'underscores for dashes', argv: ['--dry_run=client'], values: { 'dry-run': 'client' }, args: [] },
    { name: 'durations', argv: ['--timeout=1m30s'], values: { timeout: 90_000 }, args: [] },
    { name: 'stdin as a positional', argv: ['-f', '-', '-'], values: { filename: ['-'] }, args: ['-'] },
  ])('takes $name', ({ argv, values, args }) => {
    expect(read(...argv)).toMatchObject({ values, args });
  });

  test('hands everything behind -- on as it is', () => {
    expect(read('pod', '-i', '--', 'sh', '-c', 'x')).toMatchObject({ args: ['pod', 'sh', '-c', 'x'], dash: 1 });
  });

  test.each([
    { argv: ['--foo'], message: 'unknown flag: --foo' },
    { argv: ['-ix'], message: "unknown shorthand flag: 'x' in -x" },
    { argv: ['-n'], message: "flag needs an argument: 'n' in -n" },
    { argv: ['--namespace'], message: 'flag needs an argument: --namespace' },
    {
      argv: ['--replicas=x'],
      message: 'invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax',
    },
    {
      argv: ['-i=maybe'],
      message: 'invalid argument "maybe" for "-i, --stdin" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    },
    {
      argv: ['--timeout=5'],
      message: 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"',
    },
  ])('refuses $argv with the sentence of pflag', ({ argv, message }) => {
    expect(read(...argv)).toMatchObject({ message });
  });
});
