// Events about a pod or one of its containers.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Tell } from '../images/image-puller.ts';
import { fieldPathOf, type PodContainer } from './containers.ts';

export function tellOfPod(events: EventRecorder, pod: Pod): Tell {
  return (type, reason, message) => events.record(pod, { type, reason, message });
}

/** The event points to the container, as `kubectl describe` shows it. */
export function tellOfContainer(events: EventRecorder, pod: Pod, container: PodContainer): Tell {
  const { namespace, name, uid, resourceVersion } = pod.metadata;
  const reference = {
    apiVersion: 'v1',
    kind: 'Pod',
    ...(namespace !== undefined && { namespace }),
    name,
    uid,
    resourceVersion,
    fieldPath: fieldPathOf(container),
  };
  return (type, reason, message) => events.record(reference, { type, reason, message });
}
