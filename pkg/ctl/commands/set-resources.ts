// `set resources`: requests and limits of containers.
import type { JsonObject } from '../../api/schema/json.ts';
import { canonicalQuantity } from '../../api/meta/quantity.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { stringFlag } from '../cli/flags.ts';
import { object } from '../objects/access.ts';
import { allContainers, selectContainers } from '../resources/pod-templates.ts';
import { NO_RESOURCE } from '../resources/targets.ts';
import { changeTemplates, setFlags, templateInfos } from './set-image.ts';

export const setResources = command({
  summary: 'Specify compute resource requirements (CPU, memory) for any resource that defines a pod template',
  usage: '(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]',
  examples: ['set resources deployment web --limits=cpu=200m,memory=512Mi --requests=cpu=100m,memory=256Mi'],
  flags: {
    ...setFlags,
    containers: stringFlag('The names of containers to change; may use wildcards.', { short: 'c', default: '*' }),
    limits: stringFlag("The resource limits, like 'cpu=100m,memory=256Mi'."),
    requests: stringFlag("The resource requests, like 'cpu=100m,memory=256Mi'."),
  },
  async run(call, context) {
    const { flags } = call;
    if (call.args.length === 0 && flags.filename.length === 0) throw new Failure(NO_RESOURCE);
    if (flags.limits === '' && flags.requests === '')
      throw new Failure('you must specify an update to requests or limits (in the form of --requests/--limits)');
    const limits = parseAmounts(flags.limits);
    const requests = parseAmounts(flags.requests);
    const reading = await templateInfos(call, call.args, context);
    await changeTemplates(
      reading,
      'resource requirements updated',
      (spec) => {
        const chosen = selectContainers(allContainers(spec), flags.containers);
        if (chosen.length === 0) throw new Failure(`unable to find container named ${flags.containers}`);
        for (const container of chosen) {
          const before = object(container, 'resources');
          container['resources'] = {
            ...before,
            ...(Object.keys(limits).length > 0 && { limits: { ...object(before, 'limits'), ...limits } }),
            ...(Object.keys(requests).length > 0 && { requests: { ...object(before, 'requests'), ...requests } }),
          };
        }
      },
      call,
      context,
      { refused: 'failed to patch resources update to pod template' },
    );
    return 0;
  },
});

function parseAmounts(text: string): JsonObject {
  const found: JsonObject = {};
  if (text === '') return found;
  for (const pair of text.split(',')) {
    const [name = '', value, more] = pair.split('=');
    if (value === undefined || more !== undefined)
      throw new Failure(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
    const amount = canonicalQuantity(value);
    if (amount === undefined)
      throw new Failure("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    found[name] = amount;
  }
  return found;
}
