// `create namespace|serviceaccount|quota|poddisruptionbudget|priorityclass`.
import { parseQuantity } from '../../api/meta/quantity.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { newObject } from '../generators/workloads.ts';
import { createGenerated, generatedFlags, onlyName } from './create-generated.ts';

export const createNamespace = command({
  summary: 'Create a namespace with the specified name',
  usage: 'NAME [--dry-run=server|client|none] [options]',
  flags: generatedFlags,
  async run(call, context) {
    const name = onlyName(call.args);
    return createGenerated(newObject('v1', 'Namespace', { name }, { spec: {}, status: {} }), false, call, context);
  },
});

export const createServiceAccount = command({
  summary: 'Create a service account with the specified name',
  usage: 'NAME [--dry-run=server|client|none] [options]',
  flags: generatedFlags,
  async run(call, context) {
    const name = onlyName(call.args);
    return createGenerated(newObject('v1', 'ServiceAccount', { name }, {}), true, call, context);
  },
});

const QUANTITY_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

export const createQuota = command({
  summary: 'Create a quota with the specified name',
  usage: 'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]',
  flags: {
    ...generatedFlags,
    hard: stringFlag('Resource=quantity pairs, separated by commas, that define a hard limit.'),
    scopes: stringFlag('Quota scopes that must all match, separated by commas.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const hard: JsonObject = {};
    for (const pair of call.flags.hard.split(',').filter((part) => part !== '')) {
      const [key = '', value, more] = pair.split('=');
      if (value === undefined || more !== undefined)
        throw new Failure(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
      if (!parseQuantity(value).ok) throw new Failure(QUANTITY_FORMAT);
      hard[key] = value;
    }
    const scopes = call.flags.scopes.split(',').filter((scope) => scope !== '');
    const spec = { ...(Object.keys(hard).length > 0 && { hard }), ...(scopes.length > 0 && { scopes }) };
    return createGenerated(newObject('v1', 'ResourceQuota', { name }, { spec, status: {} }), true, call, context);
  },
});

export const createPodDisruptionBudget = command({
  summary: 'Create a pod disruption budget with the specified name',
  usage: 'NAME --selector=SELECTOR --min-available=N [options]',
  flags: {
    ...generatedFlags,
    'max-unavailable': stringFlag('Most pods that may be unavailable, a number or a percentage.'),
    'min-available': stringFlag('Least pods that must be available, a number or a percentage.'),
    selector: stringFlag('A label selector for the pods; only equality-based requirements.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const { selector } = call.flags;
    const least = call.flags['min-available'];
    const most = call.flags['max-unavailable'];
    if (selector === '') throw new Failure('a selector must be specified');
    if (least === '' && most === '') throw new Failure('one of min-available or max-unavailable must be specified');
    if (least !== '' && most !== '') throw new Failure('min-available and max-unavailable cannot be both specified');
    const matchLabels: JsonObject = {};
    for (const pair of selector.split(',')) {
      const [key = '', value = ''] = pair.split('=');
      matchLabels[key] = value;
    }
    const amount = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
    const spec: JsonObject = {
      ...(least !== '' && { minAvailable: amount(least) }),
      selector: { matchLabels },
      ...(most !== '' && { maxUnavailable: amount(most) }),
    };
    const status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
    return createGenerated(
      newObject('policy/v1', 'PodDisruptionBudget', { name }, { spec, status }),
      true,
      call,
      context,
    );
  },
});

export const createPriorityClass = command({
  summary: 'Create a priority class with the specified name',
  usage: 'NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]',
  flags: {
    ...generatedFlags,
    description: stringFlag('Says when this priority class should be used.'),
    'global-default': boolFlag('Use it for pods that name no priority class.'),
    'preemption-policy': stringFlag('Never, or PreemptLowerPriority.', { default: 'PreemptLowerPriority' }),
    value: intFlag('The value of this priority class.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const { description, value } = call.flags;
    const made = newObject(
      'scheduling.k8s.io/v1',
      'PriorityClass',
      { name },
      {
        value,
        ...(call.flags['global-default'] && { globalDefault: true }),
        ...(description !== '' && { description }),
        preemptionPolicy: call.flags['preemption-policy'],
      },
    );
    return createGenerated(made, false, call, context);
  },
});
