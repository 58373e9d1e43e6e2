// What all `create KIND NAME` commands do with the object they made: check, send or only print it.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  outputFlags,
  readDryRun,
  readValidation,
  saveConfigFlag,
  validateFlag,
} from '../cli/shared-flags.ts';
import type { FlagValues } from '../cli/flags.ts';
import { withSavedConfig } from '../apply/last-applied.ts';
import { object, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { dryRunSuffix } from './create-from-files.ts';

export const generatedFlags = {
  ...outputFlags,
  ...dryRunFlag,
  ...validateFlag,
  ...saveConfigFlag,
  ...fieldManagerFlag('kubectl-create'),
};

export interface GeneratedCall {
  readonly flags: FlagValues<typeof generatedFlags>;
  readonly changed: ReadonlySet<string>;
  readonly args: readonly string[];
}

/** The one NAME; throws UsageFailure when there are none or several. */
export function onlyName(args: readonly string[]): string {
  const [name, ...others] = args;
  if (name === undefined || others.length > 0)
    throw new UsageFailure(`exactly one NAME is required, got ${args.length}`);
  return name;
}

/** NAME and, behind it, a command. */
export function nameAndCommand(args: readonly string[], dash: number): { name: string; command: readonly string[] } {
  const before = dash < 0 ? args : args.slice(0, dash);
  return { name: onlyName(before), command: dash < 0 ? [] : args.slice(dash) };
}

/** Creates the object, or with a dry run only prints it. `namespaced` decides whether it gets the namespace. */
export async function createGenerated(
  made: JsonObject,
  namespaced: boolean,
  call: GeneratedCall,
  context: Context,
): Promise<number> {
  const dryRun = readDryRun(call.flags['dry-run']);
  const fieldValidation = readValidation(call.flags.validate);
  const print = await objectPrinter({
    flags: call.flags,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
    operation: 'created',
    dryRunSuffix: dryRunSuffix(dryRun),
    sorted: false,
  });
  const placed = namespaced ? await withNamespace(made, dryRun === 'client', context) : made;
  const complete = call.flags['save-config'] ? withSavedConfig(placed) : placed;
  if (dryRun === 'client') {
    context.out.write(print(complete));
    return 0;
  }
  const { api, namespace } = await context.session();
  const resource = (await api.resources()).forKind(text(complete, 'apiVersion'), text(complete, 'kind'));
  let created: JsonObject;
  try {
    created = await api.create({ resource, namespace: namespaced ? namespace : '', name: '' }, complete, {
      dryRun: dryRun === 'server' ? 'All' : undefined,
      fieldManager: call.flags['field-manager'],
      fieldValidation,
    });
  } catch (error) {
    throw creationFailure(complete, error);
  }
  context.out.write(print(created));
  return 0;
}

/** What kubectl puts in front of the server's refusal; kinds that are not named here are refused in the server's words. */
const CREATION_FAILURES: Readonly<Record<string, string>> = {
  ClusterRoleBinding: 'failed to create clusterrolebinding: ',
  ConfigMap: 'failed to create configmap: ',
  CronJob: 'failed to create cronjob: ',
  Deployment: 'failed to create deployment: ',
  Ingress: 'failed to create ingress: ',
  Job: 'failed to create job: ',
  PodDisruptionBudget: 'failed to create poddisruptionbudgets: ',
  PriorityClass: 'failed to create priorityclass: ',
  ResourceQuota: 'failed to create quota: ',
  RoleBinding: 'failed to create rolebinding: ',
  Secret: 'failed to create secret ',
  ServiceAccount: 'failed to create serviceaccount: ',
};

function creationFailure(refused: JsonObject, error: unknown): unknown {
  if (!isApiError(error)) return error;
  const kind = text(refused, 'kind');
  const start =
    kind === 'Service' ? `failed to create ${text(refused, 'spec', 'type')} service: ` : CREATION_FAILURES[kind];
  return start === undefined ? error : new Failure(start + error.message, { cause: error });
}

/** Offline only a namespace that was asked for is written down, as kubectl does. */
async function withNamespace(made: JsonObject, offline: boolean, context: Context): Promise<JsonObject> {
  const namespace = offline ? context.globals.namespace : (await context.session()).namespace;
  if (namespace === '') return made;
  const { name, ...rest } = object(made, 'metadata');
  return { ...made, metadata: { name: name ?? '', namespace, ...rest } };
}
