// `set image` and `set serviceaccount`.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readDryRun,
  selectorFlag,
  type DryRun,
} from '../cli/shared-flags.ts';
import { text } from '../objects/access.ts';
import { objectPrinter, type OutputFlags } from '../printers/output.ts';
import { changeObject, infosToChange } from '../resources/change.ts';
import { visit, type Info, type InfoReading } from '../resources/infos.ts';
import { allContainers, podSpecOf } from '../resources/pod-templates.ts';
import { groupResource } from '../rest/resources.ts';
import { dryRunSuffix } from './create-from-files.ts';

export const setFlags = {
  ...filenameFlags,
  ...outputFlags,
  ...dryRunFlag,
  ...selectorFlag,
  ...fieldManagerFlag('kubectl-set'),
  all: boolFlag('Select all resources in the namespace of the specified resource types'),
  local: boolFlag('Change the objects in the files and print them, without asking the server.'),
};

export interface SetCall {
  readonly flags: OutputFlags & {
    readonly filename: readonly string[];
    readonly recursive: boolean;
    readonly selector: string;
    readonly all: boolean;
    readonly local: boolean;
    readonly 'dry-run': string;
    readonly 'field-manager': string;
  };
  readonly changed: ReadonlySet<string>;
}

export function templateInfos(call: SetCall, resources: readonly string[], context: Context): Promise<InfoReading> {
  const { flags } = call;
  return infosToChange(
    {
      args: resources,
      filenames: flags.filename,
      recursive: flags.recursive,
      labelSelector: flags.selector,
      everything: flags.all,
    },
    flags.local,
    context,
  );
}

export interface ChangeWords {
  /** What stands before the server's refusal. */
  readonly refused: string;
  readonly printsUnchanged?: boolean;
}

/** Changes each pod spec and prints what became of its object; objects that stay as they are are passed over in silence. */
export async function changeTemplates(
  reading: InfoReading,
  operation: string,
  step: (spec: JsonObject, info: Info) => void,
  call: SetCall,
  context: Context,
  more: ChangeWords,
): Promise<void> {
  const dryRun: DryRun = readDryRun(call.flags['dry-run']);
  const print = await objectPrinter({
    flags: call.flags,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
    operation,
    dryRunSuffix: dryRunSuffix(dryRun),
  });
  await visit(
    reading.infos,
    async (info) => {
      const answer = await changeObject(
        info,
        (copy) => {
          const spec = podSpecOf(copy);
          if (spec === undefined)
            throw new Failure(
              `${groupResource(info.resource)}/${info.name} the object is not a pod or does not have a pod template: ${text(copy, 'kind')}`,
            );
          step(spec, info);
        },
        { dryRun, fieldManager: call.flags['field-manager'], local: call.flags.local, type: 'strategic' },
        async () => (await context.session()).api,
      ).catch((error: unknown) => {
        throw isApiError(error) ? new Failure(`${more.refused} ${error.message}`, { cause: error }) : error;
      });
      if (answer.changed || call.flags.local || more.printsUnchanged === true) context.out.write(print(answer.object));
    },
    reading.failures,
  );
}

export const setImage = command({
  summary: 'Update existing container image(s) of resources',
  usage:
    '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
  examples: ['set image deployment/web nginx=nginx:1.27', "set image deployments,rc '*=nginx:1.27' --all"],
  flags: setFlags,
  async run(call, context) {
    const at = call.args.findIndex((argument) => argument.includes('='));
    const resources = at < 0 ? call.args : call.args.slice(0, at);
    const assignments = at < 0 ? [] : call.args.slice(at);
    if (resources.length === 0 && call.flags.filename.length === 0) {
      const { NO_RESOURCE } = await import('../resources/targets.ts');
      throw new Failure(NO_RESOURCE);
    }
    if (assignments.length === 0) throw new Failure('at least one image update is required');
    const images = new Map<string, string>();
    for (const assignment of assignments) {
      const equals = assignment.indexOf('=');
      if (equals < 1) throw new Failure(`all resources must be specified before image changes: ${assignment}`);
      images.set(assignment.slice(0, equals), assignment.slice(equals + 1));
    }
    if (images.has('*') && images.size > 1)
      throw new Failure(
        'all containers are already specified by *, but saw more than one container_name=container_image pairs',
      );
    const reading = await templateInfos(call, resources, context);
    await changeTemplates(reading, 'image updated', (spec) => assignImages(spec, images), call, context, {
      refused: 'failed to patch image update to pod template:',
    });
    return 0;
  },
});

function assignImages(spec: JsonObject, images: ReadonlyMap<string, string>): void {
  const containers = allContainers(spec);
  for (const [name, image] of images) {
    const chosen = name === '*' ? containers : containers.filter((container) => text(container, 'name') === name);
    if (chosen.length === 0) throw new Failure(`unable to find container named ${JSON.stringify(name)}`);
    for (const container of chosen) container['image'] = image;
  }
}

export const setServiceAccount = command({
  summary: 'Update the service account of pod template resources',
  usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
  examples: ['set serviceaccount deployment web sa1'],
  flags: setFlags,
  async run(call, context) {
    const account = call.args.at(-1);
    if (account === undefined) throw new Failure('serviceaccount is required');
    const reading = await templateInfos(call, call.args.slice(0, -1), context);
    await changeTemplates(
      reading,
      'serviceaccount updated',
      (spec) => {
        spec['serviceAccountName'] = account;
        spec['serviceAccount'] = account;
      },
      call,
      context,
      { refused: 'failed to patch ServiceAccountName', printsUnchanged: true },
    );
    return 0;
  },
});
