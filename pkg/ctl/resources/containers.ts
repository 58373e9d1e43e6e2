// Which container of a pod a command means.
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { nameOf, objects, text } from '../objects/access.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function names(pod: JsonObject, field: string): string[] {
  return objects(pod, 'spec', field).map((container) => text(container, 'name'));
}

/** Init containers first, as `logs --all-containers` goes through them. */
export function containerNames(pod: JsonObject): string[] {
  return [...names(pod, 'initContainers'), ...names(pod, 'containers'), ...names(pod, 'ephemeralContainers')];
}

/** The pod's default container or its first; says so on stderr when it had to choose. */
export function chooseContainer(pod: JsonObject, context: Pick<Context, 'err'>): string {
  const annotated = text(pod, 'metadata', 'annotations', DEFAULT_CONTAINER);
  if (annotated !== '' && containerNames(pod).includes(annotated)) return annotated;
  const main = names(pod, 'containers');
  const [first] = main;
  if (first === undefined) throw new Failure(`no containers found in pod ${nameOf(pod)}`);
  const others = [
    ...main,
    ...names(pod, 'ephemeralContainers'),
    ...names(pod, 'initContainers').map((name) => `${name} (init)`),
  ];
  if (others.length > 1)
    context.err.write(`Defaulted container ${JSON.stringify(first)} out of: ${others.join(', ')}\n`);
  return first;
}
