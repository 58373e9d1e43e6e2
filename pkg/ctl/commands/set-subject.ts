// `set subject`: adds users, groups and service accounts to role bindings.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import { Failure, throwCollected } from '../cli/failure.ts';
import { listFlag } from '../cli/flags.ts';
import { objects } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { changeObject } from '../resources/change.ts';
import { visit } from '../resources/infos.ts';
import { NO_RESOURCE } from '../resources/targets.ts';
import { subjectsOf } from '../generators/subjects.ts';
import { dryRunSuffix } from './create-from-files.ts';
import { readDryRun } from '../cli/shared-flags.ts';
import { setFlags, templateInfos } from './set-image.ts';

export const setSubject = command({
  summary: 'Update the user, group, or service account in a role binding or cluster role binding',
  usage:
    '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]',
  examples: [
    'set subject clusterrolebinding admin --serviceaccount=ns:sa',
    'set subject rolebinding admin --user=u --group=g',
  ],
  flags: {
    ...setFlags,
    group: listFlag('Groups to bind to the role'),
    serviceaccount: listFlag('Service accounts to bind to the role, as <namespace>:<name>'),
    user: listFlag('Usernames to bind to the role'),
  },
  async run(call, context) {
    const { flags, args } = call;
    const dryRun = readDryRun(flags['dry-run']);
    if (args.length === 0 && flags.filename.length === 0) throw new Failure(NO_RESOURCE);
    const { infos, failures } = await templateInfos(call, args, context);
    if (infos.length === 0) throwCollected(failures);
    if (flags.user.length + flags.group.length + flags.serviceaccount.length === 0)
      throw new Failure('you must specify at least one value of user, group or serviceaccount');
    const added = subjectsOf(flags);
    const print = await objectPrinter({
      flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      operation: 'subjects updated',
      dryRunSuffix: dryRunSuffix(dryRun),
    });
    await visit(
      infos,
      async (info) => {
        const { kind, group, resource } = info.resource;
        if (group !== 'rbac.authorization.k8s.io' || !['RoleBinding', 'ClusterRoleBinding'].includes(kind))
          throw new Failure(
            `${resource}/${info.name} setting subjects is only supported for RoleBinding/ClusterRoleBinding`,
          );
        const change = await changeObject(
          info,
          (copy) => {
            copy['subjects'] = joined(objects(copy, 'subjects'), added);
          },
          { dryRun, fieldManager: flags['field-manager'], local: flags.local, type: 'strategic' },
          async () => (await context.session()).api,
        );
        if (change.changed || flags.local) context.out.write(print(change.object));
      },
      failures,
    );
    return 0;
  },
});

function joined(before: readonly JsonObject[], added: readonly JsonObject[]): JsonObject[] {
  const all = [...before];
  for (const subject of added) if (!all.some((one) => isDeepStrictEqual(one, subject))) all.push(subject);
  return all;
}
