// `auth can-i` and `auth whoami`: who the caller is and what the caller may do.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type CommandGroup, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { allNamespacesFlag, outputFlags } from '../cli/shared-flags.ts';
import { flag, list, object, objects, text, texts } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { alignCells } from '../printers/tab-writer.ts';

const canI = command({
  summary: 'Check whether an action is allowed',
  usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
  examples: ['auth can-i create pods', 'auth can-i get pods --subresource=log', 'auth can-i --list'],
  flags: {
    ...allNamespacesFlag,
    list: boolFlag('Print all allowed actions.'),
    'no-headers': boolFlag('Prints allowed actions without headers'),
    quiet: boolFlag('Say nothing, just return the exit code.', { short: 'q' }),
    subresource: stringFlag('SubResource such as pod/log or deployment/scale'),
  },
  async run(call, context) {
    const { flags, args } = call;
    if (flags.list) {
      if (args.length > 0) throw new UsageFailure('list option must be specified with no arguments');
      return listRules(flags['no-headers'], context);
    }
    const [verb, what, ...more] = args;
    if (verb === undefined || what === undefined || more.length > 0)
      throw new Failure(
        `you must specify two arguments: verb resource or verb resource/resourceName.\nSee '${context.path} -h' for help and examples.`,
      );
    const { api, namespace } = await context.session();
    let spec: JsonObject;
    if (what.startsWith('/')) spec = { nonResourceAttributes: { path: what, verb } };
    else {
      const [type = '', name = ''] = what.split('/');
      const resource = type === '*' ? undefined : (await api.resources()).find(type);
      if (resource === undefined && type !== '*')
        context.err.write(`Warning: the server doesn't have a resource type '${type}'\n\n`);
      if (resource !== undefined && !resource.namespaced && !flags['all-namespaces'])
        context.err.write(
          `Warning: resource '${resource.resource}' is not namespace scoped${resource.group === '' ? '' : ` in group '${resource.group}'`}\n\n`,
        );
      spec = {
        resourceAttributes: {
          ...(!flags['all-namespaces'] && { namespace }),
          verb,
          ...(resource !== undefined && resource.group !== '' && { group: resource.group }),
          resource: resource?.resource ?? type,
          ...(flags.subresource !== '' && { subresource: flags.subresource }),
          ...(name !== '' && { name }),
        },
      };
    }
    const answer = await api.sendForObject({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        kind: 'SelfSubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        metadata: {},
        spec,
        status: { allowed: false },
      },
    });
    const allowed = flag(answer, 'status', 'allowed');
    if (!flags.quiet) {
      const reason = text(answer, 'status', 'reason');
      const fault = text(answer, 'status', 'evaluationError');
      context.out.write(
        allowed ? 'yes\n' : `no${reason === '' ? '' : ` - ${reason}`}${fault === '' ? '' : ` - ${fault}`}\n`,
      );
    }
    return allowed ? 0 : 1;
  },
});

async function listRules(noHeaders: boolean, context: Context): Promise<number> {
  const { api, namespace } = await context.session();
  const answer = await api.sendForObject({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    body: { kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec: { namespace } },
  });
  const rows = [
    ...objects(answer, 'status', 'resourceRules').flatMap((rule) =>
      texts(rule, 'resources').map((resource) => {
        const group = texts(rule, 'apiGroups')[0] ?? '';
        return [
          group === '' ? resource : `${resource}.${group}`,
          '[]',
          `[${texts(rule, 'resourceNames').join(' ')}]`,
          `[${texts(rule, 'verbs').join(' ')}]`,
        ];
      }),
    ),
    ...objects(answer, 'status', 'nonResourceRules').map((rule) => [
      '',
      `[${texts(rule, 'nonResourceURLs').join(' ')}]`,
      '[]',
      `[${texts(rule, 'verbs').join(' ')}]`,
    ]),
  ];
  const header = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'];
  context.out.write(alignCells(noHeaders ? rows : [header, ...rows]));
  return 0;
}

const whoami = command({
  summary: 'Check who you are and your attributes',
  usage: '[flags]',
  flags: outputFlags,
  async run(call, context) {
    const { api } = await context.session();
    const answer = await api.sendForObject({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: {} },
    });
    if (call.flags.output !== '') {
      const print = await objectPrinter({
        flags: call.flags,
        templateGiven: call.changed.has('template'),
        cwd: context.cwd,
      });
      context.out.write(print(answer));
      return 0;
    }
    const user = ['status', 'userInfo'];
    const rows = [['Username', text(answer, ...user, 'username')]];
    if (text(answer, ...user, 'uid') !== '') rows.push(['UID', text(answer, ...user, 'uid')]);
    if (list(answer, ...user, 'groups').length > 0)
      rows.push(['Groups', `[${texts(answer, ...user, 'groups').join(' ')}]`]);
    for (const key of Object.keys(object(answer, ...user, 'extra')).sort())
      rows.push([`Extra: ${key}`, `[${texts(answer, ...user, 'extra', key).join(' ')}]`]);
    context.out.write(alignCells([['ATTRIBUTE', 'VALUE'], ...rows]));
    return 0;
  },
});

export const auth: CommandGroup = {
  summary: 'Inspect authorization',
  commands: [
    { name: 'can-i', summary: canI.summary, load: async () => canI },
    {
      name: 'reconcile',
      summary: 'Reconcile rules for RBAC role, role binding, cluster role, and cluster role binding objects',
      load: async () => (await import('./auth-reconcile.ts')).reconcile,
    },
    { name: 'whoami', summary: whoami.summary, load: async () => whoami },
  ],
};
