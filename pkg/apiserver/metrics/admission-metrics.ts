// How long admission takes and how often it refuses, under Kubernetes' names: as a whole and for each plugin.
import type { AdmissionStep, Operation } from '../admission/admission.ts';
import { familyLines } from '../../metrics/exposition.ts';
import { PlainHistogram } from '../../metrics/plain-histogram.ts';

const SECONDS: readonly number[] = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

interface Outcomes {
  admitted: PlainHistogram | undefined;
  rejected: PlainHistogram | undefined;
}

type ByOperation = Record<Operation, Outcomes>;

/** Histograms of one plugin, or of all together, for one step. */
export class AdmissionMeter {
  readonly #outcomes: ByOperation = { CREATE: none(), UPDATE: none(), DELETE: none(), CONNECT: none() };

  observe(operation: Operation, rejected: boolean, seconds: number): void {
    const outcomes = this.#outcomes[operation];
    const outcome = rejected ? 'rejected' : 'admitted';
    let histogram = outcomes[outcome];
    if (histogram === undefined) {
      histogram = new PlainHistogram(SECONDS);
      outcomes[outcome] = histogram;
    }
    histogram.observe(seconds);
  }

  lines(name: string, labels: Readonly<Record<string, string>>): string[] {
    return Object.entries(this.#outcomes).flatMap(([operation, { admitted, rejected }]) => [
      ...(admitted?.lines(name, { ...labels, operation, rejected: 'false' }) ?? []),
      ...(rejected?.lines(name, { ...labels, operation, rejected: 'true' }) ?? []),
    ]);
  }
}

export interface MeteredPlugin {
  readonly name: string;
  readonly step: AdmissionStep;
  readonly meter: AdmissionMeter;
}

export function admissionLines(
  steps: Readonly<Record<AdmissionStep, AdmissionMeter>>,
  plugins: readonly MeteredPlugin[],
): string[] {
  const ofStep = 'apiserver_admission_step_admission_duration_seconds';
  const ofPlugin = 'apiserver_admission_controller_admission_duration_seconds';
  return [
    ...familyLines(
      ofStep,
      'histogram',
      'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
      Object.entries(steps).flatMap(([type, meter]) => meter.lines(ofStep, { type })),
    ),
    ...familyLines(
      ofPlugin,
      'histogram',
      'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
      plugins.flatMap(({ name, step, meter }) => meter.lines(ofPlugin, { name, type: step })),
    ),
  ];
}

function none(): Outcomes {
  return { admitted: undefined, rejected: undefined };
}
