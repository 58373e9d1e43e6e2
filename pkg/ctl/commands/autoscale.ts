// `autoscale`: makes a HorizontalPodAutoscaler for a workload.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { isApiError, type ApiError } from '../../api/meta/status.ts';
import { parseQuantity } from '../../api/meta/quantity.ts';
import { withSavedConfig } from '../apply/last-applied.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { intFlag, stringFlag } from '../cli/flags.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readDryRun,
  saveConfigFlag,
} from '../cli/shared-flags.ts';
import { object } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';
import { apiVersionOf } from '../rest/resources.ts';
import { dryRunSuffix } from './create-from-files.ts';

const DEPRECATED =
  "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n";

export const autoscale = command({
  summary: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  usage: '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]',
  notes: 'Makes an autoscaler that keeps the use of the pods at a target. Without a target the server chooses.',
  examples: ['autoscale deployment web --min=2 --max=10', 'autoscale deployment web --max=5 --cpu=80%'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...saveConfigFlag,
    ...fieldManagerFlag('kubectl-autoscale'),
    cpu: stringFlag("Target CPU as a share of the request ('70%') or a quantity ('500m')."),
    'cpu-percent': intFlag('Target share of the requested CPU; use --cpu.', { default: -1, hidden: true }),
    max: intFlag('The upper limit for the number of pods. Required.', { default: -1 }),
    memory: stringFlag("Target memory as a share of the request ('60%') or a quantity ('200Mi')."),
    min: intFlag('The lower limit for the number of pods; negative: what the server has as default.', { default: -1 }),
    name: stringFlag('The name of the autoscaler; without it the name of what is scaled.'),
  },
  required: ['max'],
  async run({ flags, args, changed }, context) {
    const dryRun = readDryRun(flags['dry-run']);
    if (changed.has('cpu-percent')) context.err.write(DEPRECATED);
    if (flags.max < 1) throw new Failure(`--max=MAXPODS is required and must be at least 1, max: ${flags.max}`);
    if (flags.max < flags.min)
      throw new Failure(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${flags.max}, min: ${flags.min}`);
    if (changed.has('cpu-percent') && flags.cpu !== '')
      throw new Failure('--cpu-percent and --cpu are mutually exclusive');
    const cpu = flags['cpu-percent'] >= 0 ? `${flags['cpu-percent']}%` : flags.cpu;
    const metrics = [...metric('cpu', cpu), ...metric('memory', flags.memory)];
    const { infos, failures } = await liveInfos(
      { args, filenames: flags.filename, recursive: flags.recursive },
      context,
    );
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: context.cwd,
      operation: 'autoscaled',
      dryRunSuffix: dryRunSuffix(dryRun),
      sorted: false,
    });
    let scaled = 0;
    await visit(
      infos,
      async (info) => {
        checkScalable(info);
        const made = autoscaler(info, { ...flags, metrics });
        scaled++;
        const complete = flags['save-config'] ? withSavedConfig(made) : made;
        if (dryRun === 'client') {
          context.out.write(print(complete));
          return;
        }
        const { api } = await context.session();
        const resource = (await api.resources()).forKind('autoscaling/v2', 'HorizontalPodAutoscaler');
        const query = {
          dryRun: dryRun === 'server' ? 'All' : undefined,
          fieldManager: flags['field-manager'],
        };
        const place = { resource, namespace: info.namespace, name: '' };
        const created = await api.create(place, complete, query).catch((error: unknown) => {
          throw isApiError(error) ? refusedAutoscaler(error, cpu) : error;
        });
        // kubectl shows the field even where it is empty.
        context.out.write(print({ ...created, status: { currentMetrics: null, ...object(created, 'status') } }));
      },
      failures,
    );
    if (scaled === 0) throw new Failure('no objects passed to autoscale');
    return 0;
  },
});

/** kubectl tries autoscaling/v1 next, which takes nothing but a share of the CPU, and tells of that attempt. */
function refusedAutoscaler(error: ApiError, cpu: string): Error {
  if (cpu.endsWith('%')) return error;
  const reason = cpu === '' ? 'empty input' : '%!w(<nil>)';
  return new Failure(
    `failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ${reason}`,
    { cause: error },
  );
}

function checkScalable({ resource }: Info): void {
  if (resource.subresources.includes('scale')) return;
  const place = `${resource.group}/${resource.version}, Resource=${resource.resource}`;
  throw new Failure(
    `cannot autoscale a ${resource.kind}: could not find scale subresource for ${place} in discovery information`,
  );
}

function metric(name: 'cpu' | 'memory', target: string): JsonObject[] {
  if (target === '') return [];
  const percent = /^(\d+)%$/.exec(target);
  if (percent === null && !parseQuantity(target).ok) throw new Failure(`invalid resource ${name} value: ${target}`);
  const wanted: Json =
    percent === null
      ? { type: 'AverageValue', averageValue: target }
      : { type: 'Utilization', averageUtilization: Number(percent[1]) };
  return [{ type: 'Resource', resource: { name, target: wanted } }];
}

function autoscaler(
  info: Info,
  wanted: {
    readonly name: string;
    readonly min: number;
    readonly max: number;
    readonly metrics: readonly JsonObject[];
  },
): JsonObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: wanted.name === '' ? info.name : wanted.name, namespace: info.namespace },
    spec: {
      scaleTargetRef: { kind: info.resource.kind, name: info.name, apiVersion: apiVersionOf(info.resource) },
      ...(wanted.min > 0 && { minReplicas: wanted.min }),
      maxReplicas: wanted.max,
      ...(wanted.metrics.length > 0 && { metrics: [...wanted.metrics] }),
    },
    status: { desiredReplicas: 0, currentMetrics: null },
  };
}
