// `tkctl token`: what machines join the cluster with. The work is pkg/cluster's; here are its flags and what a person sees.
import {
  isTokenGroup,
  NODE_TOKEN_GROUP,
  parseToken,
  TOKEN_USAGES,
  type BootstrapToken,
  type TokenParts,
  type TokenUsage,
} from '../../pkg/api/core/v1/bootstrap-token.ts';
import { humanDuration } from '../../pkg/api/meta/duration.ts';
import { formatTime } from '../../pkg/api/meta/time.ts';
import type { Client } from '../../pkg/client/client.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import {
  createBootstrapToken,
  deleteBootstrapToken,
  joinCommand,
  joinTarget,
  listBootstrapTokens,
  newToken,
} from '../../pkg/cluster/bootstrap-tokens.ts';
import { command, type Context } from '../../pkg/ctl/cli/command.ts';
import { Failure, UsageFailure } from '../../pkg/ctl/cli/failure.ts';
import { durationFlag, listFlag, stringFlag } from '../../pkg/ctl/cli/flags.ts';
import { aligned } from './aligned.ts';

const DAY_MS = 24 * 3_600_000;

const create = command({
  summary: 'Make a token and print the command with which another machine joins by it',
  usage: '[TOKEN]',
  examples: ['token create', 'token create --ttl 1h --description "rack 7"'],
  flags: {
    ttl: durationFlag('How long the token is good (1s, 2m, 3h); 0 means for ever.', {
      default: DAY_MS,
      shown: '24h0m0s',
    }),
    description: stringFlag('For people: what the token is for.'),
    usages: listFlag(
      'What the token is good for: signing, authentication. Joining needs both, and has them by default.',
    ),
    groups: listFlag(`Groups of who shows the token, below system:bootstrappers. Default ${NODE_TOKEN_GROUP}.`),
  },
  async run({ flags, args }, context) {
    if (args.length > 1) throw new UsageFailure(`one token at most, got ${args.length}`);
    if (flags.ttl < 0) throw new UsageFailure('--ttl must not be negative');
    const client = await clientOf(context);
    const target = await joinTarget(client, context.signal);
    const token: BootstrapToken = {
      ...(args[0] === undefined ? newToken() : wellFormed(args[0])),
      description: flags.description,
      expiresAt: flags.ttl === 0 ? undefined : context.clock.now() + flags.ttl,
      usages: usagesOf(flags.usages),
      groups: groupsOf(flags.groups),
    };
    await createBootstrapToken(client, token, context.signal);
    context.out.write(`${joinCommand(target, token)}\n`);
    return 0;
  },
});

const list = command({
  summary: 'List the tokens of the cluster',
  usage: '',
  flags: {},
  async run(_call, context) {
    const tokens = await listBootstrapTokens(await clientOf(context), context.signal);
    if (tokens.length === 0) {
      context.err.write('No tokens; make one with "tkctl token create"\n');
      return 0;
    }
    const now = context.clock.now();
    const rows = tokens.map((token) => [
      `${token.id}.${token.secret}`,
      ttlCell(token, now),
      token.expiresAt === undefined ? '<never>' : formatTime(token.expiresAt),
      token.usages.join(',') || '<none>',
      token.description || '<none>',
      token.groups.join(',') || '<none>',
    ]);
    context.out.write(aligned([['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...rows]));
    return 0;
  },
});

const remove = command({
  summary: 'Delete tokens by their id, or as a whole',
  usage: 'TOKEN...',
  examples: ['token delete abcdef'],
  flags: {},
  async run({ args }, context) {
    if (args.length === 0) throw new UsageFailure('which token? Give its id, or the whole token');
    const ids = args.map((text) => {
      if (/^[a-z0-9]{6}$/.test(text)) return text;
      return wellFormed(text).id;
    });
    const client = await clientOf(context);
    for (const id of ids) {
      if (!(await deleteBootstrapToken(client, id, context.signal))) throw new Failure(`there is no token "${id}"`);
      context.out.write(`bootstrap token "${id}" deleted\n`);
    }
    return 0;
  },
});

const generate = command({
  summary: 'Print a random token without making it known to any cluster',
  usage: '',
  flags: {},
  async run(_call, context) {
    const { id, secret } = newToken();
    context.out.write(`${id}.${secret}\n`);
    return 0;
  },
});

export const token = {
  summary: 'Make, list and delete the tokens with which machines join the cluster',
  notes: 'kubectl has no such command; kubeadm has one like it.',
  commands: [
    { name: 'create', summary: create.summary, load: async () => create },
    { name: 'list', summary: list.summary, load: async () => list },
    { name: 'delete', summary: remove.summary, load: async () => remove },
    { name: 'generate', summary: generate.summary, load: async () => generate },
  ],
};

async function clientOf(context: Context): Promise<Client> {
  return createClient((await context.session()).api.transport);
}

function wellFormed(text: string): TokenParts {
  const parts = parseToken(text);
  if (parts === undefined)
    throw new Failure(`"${text}" is no token: six characters, a dot and sixteen more, lower-case letters and digits`);
  return parts;
}

function usagesOf(given: readonly string[]): readonly TokenUsage[] {
  const unknown = given.find((usage) => !TOKEN_USAGES.some((known) => known === usage));
  if (unknown !== undefined) throw new UsageFailure(`--usages knows signing and authentication, not "${unknown}"`);
  return given.length === 0 ? TOKEN_USAGES : TOKEN_USAGES.filter((usage) => given.includes(usage));
}

function groupsOf(given: readonly string[]): readonly string[] {
  const wrong = given.find((group) => !isTokenGroup(group));
  if (wrong !== undefined) throw new UsageFailure(`--groups: "${wrong}" does not begin with system:bootstrappers:`);
  return given.length === 0 ? [NODE_TOKEN_GROUP] : given;
}

function ttlCell({ expiresAt }: BootstrapToken, now: number): string {
  if (expiresAt === undefined) return '<forever>';
  return expiresAt <= now ? '<expired>' : humanDuration(expiresAt - now);
}
