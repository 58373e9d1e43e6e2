// CronJobs: Jobs at times of a clock.
import { Faults } from '../../meta/field-faults.ts';
import { ageOf } from '../../meta/duration.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative, checkOneOf } from '../../meta/value-checks.ts';
import { cronJobs } from '../../resources.ts';
import { age, columns, integer, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../schema/generated/batch.v1.gen.ts';
import { containerImages, containerNames } from '../../core/v1/label-cell.ts';
import { cronScheduleFault } from './cron-schedule.ts';
import { defaultJobTemplate, validateJobTemplateSpec } from './job-validation.ts';

/** A CronJob's name gets eleven characters more in its Jobs, whose names label pods. */
const LONGEST_NAME = 52;

export const cronJobKind = defineKind<CronJob>({
  type: cronJobs,
  schema: 'batch.v1.CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  nameRule(name, prefix) {
    const faults = dnsSubdomainFaults(prefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name);
    if (name.length > LONGEST_NAME) faults.push(`must be no more than ${LONGEST_NAME} characters`);
    return faults;
  },
  columns: columns(
    text(
      'Schedule',
      'The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.',
      ({ spec }) => spec.schedule,
    ),
    text(
      'Timezone',
      'The time zone name for the given schedule, see https://en.wikipedia.org/wiki/List_of_tz_database_time_zones.',
      ({ spec }) => spec.timeZone ?? '<none>',
    ),
    text(
      'Suspend',
      'This flag tells the controller to suspend subsequent executions, it does not apply to already started executions. Defaults to false.',
      ({ spec }) => (spec.suspend === true ? 'True' : 'False'),
    ),
    integer('Active', 'A list of pointers to currently running jobs.', ({ status }) => (status.active ?? []).length),
    text('Last Schedule', 'Information when was the last time the job was successfully scheduled.', ({ status }, now) =>
      status.lastScheduleTime === undefined ? '<none>' : ageOf(status.lastScheduleTime, now),
    ),
    age(),
    wide(
      text('Containers', 'Names of each container in the template.', ({ spec }) =>
        containerNames(spec.jobTemplate.spec?.template.spec),
      ),
    ),
    wide(
      text('Images', 'Images referenced by each container in the template.', ({ spec }) =>
        containerImages(spec.jobTemplate.spec?.template.spec),
      ),
    ),
    wide(text('Selector', 'A label query over pods that should match the pod count.', () => '<none>')),
  ),
  setDefaults(job) {
    job.spec ??= {} as CronJobSpec; // Validation asks for the rest.
    job.status ??= {};
    const { spec } = job;
    spec.jobTemplate ??= {};
    spec.jobTemplate.metadata ??= {} as CronJob['metadata']; // Labels and annotations only.
    spec.jobTemplate.spec ??= {} as JobSpec; // As above.
    defaultJobTemplate(spec.jobTemplate.spec);
    spec.concurrencyPolicy ??= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
  },
  validate,
});

function validate({ spec }: CronJob): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    if (!spec.schedule) faults.required('schedule');
    else {
      const fault = cronScheduleFault(spec.schedule);
      if (fault !== undefined) faults.invalid('schedule', spec.schedule, fault);
      if (spec.schedule.includes('TZ')) {
        faults.invalid('schedule', spec.schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
      }
    }
    if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
      faults.invalid('timeZone', spec.timeZone, `unknown time zone ${spec.timeZone}`);
    }
    checkNotNegative(faults, 'startingDeadlineSeconds', spec.startingDeadlineSeconds);
    checkOneOf(faults, 'concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
    const { spec: job } = spec.jobTemplate;
    if (job !== undefined) {
      faults.at('jobTemplate', () =>
        faults.at('spec', () => {
          if (job.manualSelector === true) faults.notSupported('manualSelector', true, ['nil', 'false']);
          if (job.selector !== undefined) {
            faults.invalid('selector', job.selector, '`selector` will be auto-generated');
          }
          validateJobTemplateSpec(faults, job);
        }),
      );
    }
    checkNotNegative(faults, 'successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
    checkNotNegative(faults, 'failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
  });
  return faults.errors;
}

function isTimeZone(name: string): boolean {
  if (name === '' || name.toLowerCase() === 'local') return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
