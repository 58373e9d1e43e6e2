// `rollout status|history|undo|pause|resume|restart`.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { formatTime } from '../../api/meta/time.ts';
import { command, type Call, type CommandGroup, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { intFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readDryRun,
  selectorFlag,
} from '../cli/shared-flags.ts';
import { describeTemplate } from '../describe/pod-template.ts';
import { flag, object, put, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { alignCells, DESCRIBE_TABS } from '../printers/tab-writer.ts';
import { changeObject } from '../resources/change.ts';
import { liveInfos, shownName, visit, type Info } from '../resources/infos.ts';
import { groupResource } from '../rest/resources.ts';
import {
  originalTemplate,
  REVISION,
  revisionsOf,
  revisionToRestore,
  type RolloutRevision,
} from '../rollout/history.ts';

const WITH_HISTORY = ['Deployment', 'DaemonSet', 'StatefulSet'];

const selection = { ...filenameFlags, ...selectorFlag };
const changing = { ...selection, ...outputFlags, ...fieldManagerFlag('kubectl-rollout') };

/** The workloads that arguments name; refuses to do without any. */
async function workloads(
  call: { flags: { filename: readonly string[]; recursive: boolean; selector: string }; args: readonly string[] },
  context: Context,
) {
  if (call.args.length === 0 && call.flags.filename.length === 0) throw new Failure('required resource not specified');
  return liveInfos(
    {
      args: call.args,
      filenames: call.flags.filename,
      recursive: call.flags.recursive,
      labelSelector: call.flags.selector,
      bareTypeMeansAll: true,
    },
    context,
  );
}

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const history = command({
  summary: 'View rollout history',
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  flags: {
    ...selection,
    ...outputFlags,
    revision: intFlag('See the details, including podTemplate of the revision specified'),
  },
  async run(call, context) {
    const { flags } = call;
    if (flags.revision < 0) throw new Failure(`revision must be a positive integer: ${flags.revision}`);
    const { infos, failures } = await workloads(call, context);
    const { api } = await context.session();
    await visit(
      infos,
      async (info) => {
        if (!WITH_HISTORY.includes(info.resource.kind))
          throw new Failure(noRollouts('history', 'history viewer', info));
        const revisions = await revisionsOf(info, api);
        const wanted = revisions.find((revision) => revision.number === flags.revision);
        if (flags.revision > 0 && wanted === undefined && revisions.length > 0)
          throw new Failure('unable to find the specified revision');
        if (flags.output !== '' && revisions.length === 0) return;
        if (flags.output !== '') return printRevision(call, context, info, wanted ?? revisions.at(-1));
        const about = flags.revision > 0 ? `with revision #${flags.revision}` : '';
        const body = wanted === undefined ? historyTable(revisions) : templateText(wanted);
        context.out.write(`${shownName(info)} ${about}\n${body}\n`);
      },
      failures,
    );
    return 0;
  },
});

/** Workloads that kubectl knows and has no rollouts for; of other kinds it says something else. */
const WITHOUT_ROLLOUTS: ReadonlySet<string> = new Set(['CronJob', 'Job', 'Pod', 'ReplicaSet', 'ReplicationController']);

function noRollouts(what: string, who: string, { resource: { kind, group } }: Info): string {
  if (WITHOUT_ROLLOUTS.has(kind))
    return `no ${who} has been implemented for ${JSON.stringify(group === '' ? kind : `${kind}.${group}`)}`;
  return `error retrieving ${what} for ${JSON.stringify(kind)}, no visitor method exists for {${group} ${kind}}`;
}

function historyTable(revisions: readonly RolloutRevision[]): string {
  if (revisions.length === 0) return 'No rollout history found.';
  const rows = revisions.map((revision) => [String(revision.number), revision.changeCause || '<none>']);
  return alignCells([['REVISION', 'CHANGE-CAUSE'], ...rows], DESCRIBE_TABS);
}

function templateText(revision: RolloutRevision): string {
  const template = structuredClone(revision.template);
  if (revision.changeCause !== '')
    put(template, ['metadata', 'annotations', 'kubernetes.io/change-cause'], revision.changeCause);
  return describeTemplate(template);
}

async function printRevision(
  call: Call<typeof history.flags>,
  context: Context,
  info: Info,
  revision: RolloutRevision | undefined,
): Promise<void> {
  const print = await objectPrinter({
    flags: call.flags,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
  });
  const copy = structuredClone(info.object);
  if (revision !== undefined) put(copy, ['spec', 'template'], revision.template);
  context.out.write(print(copy));
}

/** Labels and annotations that belong to the deployment and stay, whatever revision it goes back to. */
const KEPT_ANNOTATIONS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
];

const undo = command({
  summary: 'Undo a previous rollout',
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  flags: {
    ...selection,
    ...outputFlags,
    ...dryRunFlag,
    'to-revision': intFlag('The revision to rollback to. Default to 0 (last revision).'),
  },
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const { infos, failures } = await workloads(call, context);
    const { api } = await context.session();
    await visit(
      infos,
      async (info) => {
        if (!WITH_HISTORY.includes(info.resource.kind)) throw new Failure(noRollouts('rollbacker', 'rollbacker', info));
        const revisions = await revisionsOf(info, api);
        const target = revisionToRestore(revisions, flags['to-revision'], info);
        if (flag(info.object, 'spec', 'paused'))
          throw new Failure(
            `you cannot rollback a paused deployment; resume it first with '${context.program} rollout resume' and try again`,
          );
        let operation = 'rolled back';
        if (isDeepStrictEqual(originalTemplate(target), object(info.object, 'spec', 'template')))
          operation = `skipped rollback (current template already matches revision ${target.number})`;
        else if (dryRun === 'client') {
          operation = `${templateText(target)} (dry run)`;
        } else await restore(info, target, dryRun === 'server', api);
        const print = await objectPrinter({
          flags,
          templateGiven: call.changed.has('template'),
          cwd: context.cwd,
          operation: dryRun === 'server' ? `${operation} (server dry run)` : operation,
        });
        context.out.write(print(info.object));
      },
      failures,
    );
    return 0;
  },
});

async function restore(
  info: Info,
  target: RolloutRevision,
  dryRun: boolean,
  api: Awaited<ReturnType<Context['session']>>['api'],
): Promise<void> {
  const place = { resource: info.resource, namespace: info.namespace, name: info.name };
  const current = object(info.object, 'metadata', 'annotations');
  const annotations: JsonObject = {};
  for (const key of KEPT_ANNOTATIONS) if (current[key] !== undefined) annotations[key] = current[key];
  for (const [key, value] of Object.entries(target.annotations))
    if (!KEPT_ANNOTATIONS.includes(key)) annotations[key] = value;
  const operations = [
    { op: 'replace', path: '/spec/template', value: originalTemplate(target) },
    ...(info.resource.kind === 'Deployment'
      ? [{ op: 'replace', path: '/metadata/annotations', value: annotations }]
      : []),
  ];
  await api.patch(place, 'json', operations, { dryRun: dryRun ? 'All' : undefined });
}

/** What pause, resume and restart have in common: one change of the object, refused in some states. */
function changeCommand(
  verb: 'paused' | 'resumed' | 'restarted',
  text: { summary: string; gerund: string },
  step: (copy: JsonObject, info: Info, context: Context) => void,
) {
  return command({
    summary: text.summary,
    usage: 'RESOURCE',
    flags: changing,
    async run(call, context) {
      const { infos, failures } = await workloads(call, context);
      await visit(
        infos,
        async (info) => {
          const kinds = verb === 'restarted' ? WITH_HISTORY : ['Deployment'];
          if (!kinds.includes(info.resource.kind))
            throw new Failure(
              `${groupResource(info.resource)} ${JSON.stringify(info.name)} ${text.gerund} is not supported`,
            );
          const answer = await changeObject(
            info,
            (copy) => step(copy, info, context),
            { dryRun: 'none', fieldManager: call.flags['field-manager'], type: 'strategic' },
            async () => (await context.session()).api,
          );
          if (!answer.changed && verb === 'restarted')
            throw new Failure(
              `if restart has already been triggered within the past second, please wait before attempting to trigger another`,
            );
          const print = await objectPrinter({
            flags: call.flags,
            templateGiven: call.changed.has('template'),
            cwd: context.cwd,
            operation: verb,
          });
          context.out.write(print(answer.object));
        },
        failures,
      );
      return 0;
    },
  });
}

const pause = changeCommand(
  'paused',
  { summary: 'Mark the provided resource as paused', gerund: 'pausing' },
  (copy, info) => {
    if (flag(copy, 'spec', 'paused'))
      throw new Failure(`${groupResource(info.resource)} ${JSON.stringify(info.name)} is already paused`);
    put(copy, ['spec', 'paused'], true);
  },
);

const resume = changeCommand('resumed', { summary: 'Resume a paused resource', gerund: 'resuming' }, (copy, info) => {
  if (!flag(copy, 'spec', 'paused'))
    throw new Failure(`${groupResource(info.resource)} ${JSON.stringify(info.name)} is not paused`);
  delete object(copy, 'spec')['paused'];
});

const restart = changeCommand(
  'restarted',
  { summary: 'Restart a resource', gerund: 'restarting' },
  (copy, info, context) => {
    if (flag(copy, 'spec', 'paused'))
      throw new Failure(
        `${groupResource(info.resource)} ${JSON.stringify(info.name)} can't restart paused deployment (run rollout resume first)`,
      );
    const now = formatTime(context.clock.now());
    if (text(copy, 'spec', 'template', 'metadata', 'annotations', RESTARTED_AT) === now)
      throw new Failure(
        `failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
      );
    put(copy, ['spec', 'template', 'metadata', 'annotations', RESTARTED_AT], now);
  },
);

export const rollout: CommandGroup = {
  helpOnStdout: true,
  summary: 'Manage the rollout of one or many resources',
  notes: 'Valid resource types are deployments, daemonsets and statefulsets.',
  commands: [
    { name: 'history', summary: history.summary, load: async () => history },
    { name: 'pause', summary: pause.summary, load: async () => pause },
    { name: 'restart', summary: restart.summary, load: async () => restart },
    { name: 'resume', summary: resume.summary, load: async () => resume },
    {
      name: 'status',
      summary: 'Show the status of the rollout',
      load: async () => (await import('./rollout-status.ts')).status,
    },
    { name: 'undo', summary: undo.summary, load: async () => undo },
  ],
};
