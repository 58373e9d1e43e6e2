// Whether a rollout is done, in kubectl's sentences. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, number, objects, text } from '../objects/access.ts';

export type RolloutStatus =
  | { readonly kind: 'progressing' | 'done'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

const going = (message: string): RolloutStatus => ({ kind: 'progressing', message });
const done = (message: string): RolloutStatus => ({ kind: 'done', message });
const failed = (message: string): RolloutStatus => ({ kind: 'failed', message });

/** Undefined for kinds that have no rollout. */
export function rolloutStatus(kind: string, object: JsonObject): RolloutStatus | undefined {
  switch (kind) {
    case 'Deployment':
      return deploymentStatus(object);
    case 'DaemonSet':
      return daemonSetStatus(object);
    case 'StatefulSet':
      return statefulSetStatus(object);
    default:
      return undefined;
  }
}

function observed(object: JsonObject): boolean {
  return number(object, 'metadata', 'generation') <= number(object, 'status', 'observedGeneration');
}

function deploymentStatus(object: JsonObject): RolloutStatus {
  if (!observed(object)) return going('Waiting for deployment spec update to be observed...\n');
  const name = JSON.stringify(nameOf(object));
  const progressing = objects(object, 'status', 'conditions').find(
    (condition) => text(condition, 'type') === 'Progressing',
  );
  if (text(progressing, 'reason') === 'ProgressDeadlineExceeded')
    return failed(`deployment ${name} exceeded its progress deadline`);
  const updated = number(object, 'status', 'updatedReplicas');
  const replicas = number(object, 'status', 'replicas');
  const available = number(object, 'status', 'availableReplicas');
  const wanted = has(object, 'spec', 'replicas') ? number(object, 'spec', 'replicas') : undefined;
  const waiting = `Waiting for deployment ${name} rollout to finish:`;
  if (wanted !== undefined && updated < wanted)
    return going(`${waiting} ${updated} out of ${wanted} new replicas have been updated...\n`);
  if (replicas > updated) return going(`${waiting} ${replicas - updated} old replicas are pending termination...\n`);
  if (available < updated) return going(`${waiting} ${available} of ${updated} updated replicas are available...\n`);
  return done(`deployment ${name} successfully rolled out\n`);
}

function daemonSetStatus(object: JsonObject): RolloutStatus {
  if (text(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return failed('rollout status is only available for RollingUpdate strategy type');
  if (!observed(object)) return going('Waiting for daemon set spec update to be observed...\n');
  const name = JSON.stringify(nameOf(object));
  const updated = number(object, 'status', 'updatedNumberScheduled');
  const wanted = number(object, 'status', 'desiredNumberScheduled');
  const available = number(object, 'status', 'numberAvailable');
  const waiting = `Waiting for daemon set ${name} rollout to finish:`;
  if (updated < wanted) return going(`${waiting} ${updated} out of ${wanted} new pods have been updated...\n`);
  if (available < wanted) return going(`${waiting} ${available} of ${wanted} updated pods are available...\n`);
  return done(`daemon set ${name} successfully rolled out\n`);
}

function statefulSetStatus(object: JsonObject): RolloutStatus {
  if (text(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return failed('rollout status is only available for RollingUpdate strategy type');
  if (number(object, 'status', 'observedGeneration') === 0 || !observed(object))
    return going('Waiting for statefulset spec update to be observed...\n');
  const wanted = number(object, 'spec', 'replicas');
  const ready = number(object, 'status', 'readyReplicas');
  const updated = number(object, 'status', 'updatedReplicas');
  if (has(object, 'spec', 'replicas') && ready < wanted)
    return going(`Waiting for ${wanted - ready} pods to be ready...\n`);
  const partition = number(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  if (at(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') !== undefined && partition > 0) {
    if (updated < wanted - partition)
      return going(
        `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...\n`,
      );
    return done(`partitioned roll out complete: ${updated} new pods have been updated...\n`);
  }
  const revision = text(object, 'status', 'updateRevision');
  if (revision !== text(object, 'status', 'currentRevision'))
    return going(`waiting for statefulset rolling update to complete ${updated} pods at revision ${revision}...\n`);
  return done(
    `statefulset rolling update complete ${number(object, 'status', 'currentReplicas')} pods at revision ${text(object, 'status', 'currentRevision')}...\n`,
  );
}
