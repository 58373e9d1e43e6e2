// Validation of Events. Those without eventTime are of the old kind, of which little is asked; source:
// pkg/apis/core/validation/events.go of Kubernetes.
import { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults, qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import type { Event } from '../../schema/generated/core.v1.gen.ts';

const LONGEST_WORD = 128;
const LONGEST_MESSAGE = 1024;

/** `reporter` is how the asking version calls reportingComponent. */
export function validateEvent(event: Event, reporter: 'reportingComponent' | 'reportingController'): FieldError[] {
  const faults = new Faults();
  const { namespace = '' } = event.metadata;
  const about = event.involvedObject?.namespace ?? '';
  const newStyle = event.eventTime !== undefined;
  const ofCluster = namespace === 'default' || (newStyle ? namespace === 'kube-system' : namespace === '');
  // Events of the new style are wherever their reporter may write.
  if (about === '' ? !ofCluster : !newStyle && namespace !== about) {
    faults.invalid(['involvedObject', 'namespace'], about, 'does not match event.namespace');
  }
  if (newStyle) validateNewStyle(faults, event, reporter);
  faults.invalidAll('namespace', namespace, dnsSubdomainFaults(namespace));
  return faults.errors;
}

function validateNewStyle(faults: Faults, event: Event, reporter: string): void {
  const { reportingComponent = '' } = event;
  if (reportingComponent === '') faults.required(reporter);
  faults.invalidAll(reporter, reportingComponent, qualifiedNameFaults(reportingComponent));
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    if (!event[field]) faults.required(field);
    else if (event[field].length > LONGEST_WORD) {
      faults.invalid(field, '', `can have at most ${LONGEST_WORD} characters`);
    }
  }
  if ((event.message ?? '').length > LONGEST_MESSAGE) {
    faults.invalid('message', '', `can have at most ${LONGEST_MESSAGE} characters`);
  }
}

/** What events.k8s.io/v1 asks on top: the new fields, and nothing in the old ones. */
export function validateStrictEvent(event: Event): FieldError[] {
  const faults = new Faults();
  validateSeries(faults, event);
  if (event.eventTime === undefined) faults.required('eventTime');
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    faults.invalid('type', '', `has invalid value: ${event.type ?? ''}`);
  }
  if (event.firstTimestamp !== undefined) faults.invalid('firstTimestamp', '', 'needs to be unset');
  if (event.lastTimestamp !== undefined) faults.invalid('lastTimestamp', '', 'needs to be unset');
  if (event.count) faults.invalid('count', '', 'needs to be unset');
  if (event.source?.component || event.source?.host) {
    faults.invalid('source', '', 'needs to be unset');
  }
  return faults.errors;
}

/** Of an event that is seen again and again. Kubernetes reports these with the path as one name. */
export function validateSeries(faults: Faults, { series }: Event): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) faults.invalid('series.count', '', 'should be at least 2');
  if (!series.lastObservedTime) faults.required('series.lastObservedTime');
}
