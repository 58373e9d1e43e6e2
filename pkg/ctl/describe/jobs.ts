// Jobs and cron jobs, described. Pure.
import { humanDuration } from '../../api/meta/duration.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { at, flag, has, nameOf, namespaceOf, number, object, objects, text } from '../objects/access.ts';
import { selectorSummary } from './label-text.ts';
import { controllerText } from './pod.ts';
import { writeTemplate } from './pod-template.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

/** Lists of completed indexes are cut at the first comma behind this many characters. */
const LONGEST_INDEXES = 50;

export function describeJob(job: JsonObject, out: DescriptionWriter): void {
  const spec = object(job, 'spec');
  const status = object(job, 'status');
  const whenSet = (label: string, from: JsonObject, field: string, unit = '') => {
    if (has(from, field)) out.line(0, label, text(from, field) + unit);
  };
  out.line(0, 'Name', nameOf(job));
  out.line(0, 'Namespace', namespaceOf(job));
  out.line(0, 'Selector', selectorSummary(object(spec, 'selector')));
  out.labels('Labels', at(job, 'metadata', 'labels'));
  out.annotations('Annotations', at(job, 'metadata', 'annotations'));
  const controller = controllerText(job);
  if (controller !== '') out.line(0, 'Controlled By', controller);
  whenSet('Parallelism', spec, 'parallelism');
  out.line(0, 'Completions', orUnset(spec, 'completions'));
  whenSet('Completion Mode', spec, 'completionMode');
  whenSet('Suspend', spec, 'suspend');
  whenSet('Backoff Limit', spec, 'backoffLimit');
  whenSet('TTL Seconds After Finished', spec, 'ttlSecondsAfterFinished');
  const [started, completed] = [text(status, 'startTime'), text(status, 'completionTime')];
  if (started !== '') out.line(0, 'Start Time', localTime(started));
  if (completed !== '') out.line(0, 'Completed At', localTime(completed));
  if (started !== '' && completed !== '')
    out.line(0, 'Duration', humanDuration(Date.parse(completed) - Date.parse(started)));
  whenSet('Active Deadline Seconds', spec, 'activeDeadlineSeconds', 's');
  const ready = has(status, 'ready') ? ` (${number(status, 'ready')} Ready)` : '';
  const count = (field: string) => number(status, field);
  out.line(
    0,
    'Pods Statuses',
    `${count('active')} Active${ready} / ${count('succeeded')} Succeeded / ${count('failed')} Failed`,
  );
  if (text(spec, 'completionMode') === 'Indexed')
    out.line(0, 'Completed Indexes', indexesText(text(status, 'completedIndexes')));
  writeTemplate(object(spec, 'template'), out);
}

function indexesText(indexes: string): string {
  if (indexes === '') return '<none>';
  const comma = indexes.indexOf(',', LONGEST_INDEXES);
  return comma < 0 ? indexes : `${indexes.slice(0, comma + 1)}...`;
}

function orUnset(from: JsonObject, field: string, unit = ''): string {
  return has(from, field) ? text(from, field) + unit : '<unset>';
}

export function describeCronJob(job: JsonObject, out: DescriptionWriter): void {
  const spec = object(job, 'spec');
  const inner = object(spec, 'jobTemplate', 'spec');
  out.line(0, 'Name', nameOf(job));
  out.line(0, 'Namespace', namespaceOf(job));
  out.labels('Labels', at(job, 'metadata', 'labels'));
  out.annotations('Annotations', at(job, 'metadata', 'annotations'));
  out.line(0, 'Schedule', text(spec, 'schedule'));
  out.line(0, 'Concurrency Policy', text(spec, 'concurrencyPolicy'));
  out.line(0, 'Suspend', has(spec, 'suspend') ? (flag(spec, 'suspend') ? 'True' : 'False') : '<unset>');
  out.line(0, 'Successful Job History Limit', orUnset(spec, 'successfulJobsHistoryLimit'));
  out.line(0, 'Failed Job History Limit', orUnset(spec, 'failedJobsHistoryLimit'));
  out.line(0, 'Starting Deadline Seconds', orUnset(spec, 'startingDeadlineSeconds', 's'));
  out.line(0, 'Selector', has(inner, 'selector') ? selectorSummary(object(inner, 'selector')) : '<unset>');
  out.line(0, 'Parallelism', orUnset(inner, 'parallelism'));
  out.line(0, 'Completions', orUnset(inner, 'completions'));
  if (has(inner, 'activeDeadlineSeconds'))
    out.line(0, 'Active Deadline Seconds', orUnset(inner, 'activeDeadlineSeconds', 's'));
  writeTemplate(object(inner, 'template'), out);
  const last = text(job, 'status', 'lastScheduleTime');
  out.line(0, 'Last Schedule Time', last === '' ? '<unset>' : localTime(last));
  const active = objects(job, 'status', 'active').map((reference) => text(reference, 'name'));
  out.line(0, 'Active Jobs', active.join(', ') || '<none>');
}
