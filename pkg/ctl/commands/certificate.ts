// `certificate approve` and `certificate deny`: decides certificate signing requests.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Command, type CommandGroup, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { helpText } from '../cli/help.ts';
import { filenameFlags, outputFlags } from '../cli/shared-flags.ts';
import { object, objects, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';

interface Decision {
  readonly verb: string;
  readonly condition: 'Approved' | 'Denied';
  /** What the request must not be already. */
  readonly opposite: 'Approved' | 'Denied';
  readonly reason: string;
}

const APPROVE: Decision = { verb: 'approve', condition: 'Approved', opposite: 'Denied', reason: 'KubectlApprove' };
const DENY: Decision = { verb: 'deny', condition: 'Denied', opposite: 'Approved', reason: 'KubectlDeny' };

/** How often a decision is tried again when somebody else changed the request meanwhile. */
const MOST_CONFLICTS = 10;

function decide(decision: Decision, summary: string): Command {
  return command({
    summary,
    usage: '(-f FILENAME | NAME) [options]',
    notes: 'A certificate lets its owner act in its name: look at the request before it is approved.',
    examples: [`certificate ${decision.verb} csr-sqgzp`],
    flags: {
      ...filenameFlags,
      ...outputFlags,
      force: boolFlag('Update the CSR even if it is already decided so.'),
    },
    async run({ flags, args, changed }, context) {
      if (args.length === 0 && flags.filename.length === 0 && flags.kustomize === '')
        throw new Failure('one or more CSRs must be specified as <name> or -f <filename>');
      const { infos, failures } = await liveInfos(
        {
          args,
          filenames: flags.filename,
          recursive: flags.recursive,
          kustomize: flags.kustomize,
          defaultType: 'certificatesigningrequests',
        },
        context,
      );
      const print = await objectPrinter({
        flags,
        templateGiven: changed.has('template'),
        cwd: context.cwd,
        operation: decision.condition.toLowerCase(),
      });
      await visit(
        infos,
        async (info) => context.out.write(print(await decided(info, decision, flags.force, context))),
        failures,
      );
      return 0;
    },
  });
}

async function decided(info: Info, decision: Decision, force: boolean, context: Context): Promise<JsonObject> {
  const { api } = await context.session();
  const { resource, name } = info;
  let request = info.object;
  for (let attempt = 0; ; attempt++) {
    const conditions = objects(request, 'status', 'conditions');
    const is = (type: string) => conditions.some((condition) => text(condition, 'type') === type);
    if (is(decision.opposite))
      throw new Failure(`certificate signing request ${JSON.stringify(name)} is already ${decision.opposite}`);
    if (is(decision.condition) && !force) return request;
    const condition = {
      type: decision.condition,
      status: 'True',
      reason: decision.reason,
      message: `This CSR was ${decision.condition.toLowerCase()} by kubectl certificate ${decision.verb}.`,
      lastUpdateTime: new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    const others = conditions.filter((one) => text(one, 'type') !== decision.condition);
    const after = { ...request, status: { ...object(request, 'status'), conditions: [...others, condition] } };
    try {
      return await api.update({ resource, namespace: '', name, subresource: 'approval' }, after);
    } catch (error) {
      if (!isApiError(error, 'Conflict') || attempt >= MOST_CONFLICTS) throw error;
      request = await api.get({ resource, namespace: '', name });
    }
  }
}

/** Bare, or with a word that is no sub-verb, it only explains itself, as kubectl's does. */
export const certificate: Command & CommandGroup = {
  summary: 'Modify certificate resources',
  usage: 'SUBCOMMAND [options]',
  flags: {},
  async run(_call, context) {
    context.out.write(helpText(certificate, context.path));
    return 0;
  },
  commands: [
    {
      name: 'approve',
      summary: 'Approve a certificate signing request',
      load: async () => decide(APPROVE, 'Approve a certificate signing request'),
    },
    {
      name: 'deny',
      summary: 'Deny a certificate signing request',
      load: async () => decide(DENY, 'Deny a certificate signing request'),
    },
  ],
};
