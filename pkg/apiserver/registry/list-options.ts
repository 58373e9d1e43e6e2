// The options of GET on a collection, for lists and watches, checked as k8s.io/apimachinery's
// pkg/apis/meta/internalversion/validation does.
import type { FieldError } from '../../api/meta/status.ts';
import { badRequest } from '../http-errors.ts';
import { forbiddenField, invalidOptions, unsupportedField } from './options-error.ts';
import { booleanOf, integerOf } from './query-values.ts';

export type RevisionMatch = '' | 'Exact' | 'NotOlderThan';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  /** '' : unset. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: RevisionMatch;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** Throws 400 and 422. */
export function listOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const options = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: Math.max(0, integerOf(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    allowWatchBookmarks: booleanOf(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
  };
  const errors = watch ? watchFaults(match, options) : listFaults(match, options);
  if (errors.length > 0) throw invalidOptions('ListOptions', errors);
  if (!watch && options.continue !== '' && options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return { ...options, resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : '' };
}

type Checked = Pick<ListOptions, 'continue' | 'resourceVersion' | 'sendInitialEvents'>;
const MATCH = 'resourceVersionMatch';

function listFaults(match: string, options: Checked): FieldError[] {
  const faults: FieldError[] = [];
  if (options.sendInitialEvents !== undefined) {
    faults.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (match === '') return faults;
  if (options.resourceVersion === '') {
    faults.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (options.continue !== '') {
    faults.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    faults.push(unsupportedField(MATCH, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && options.resourceVersion === '0') {
    faults.push(forbiddenField(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return faults;
}

function watchFaults(match: string, options: Checked): FieldError[] {
  const faults: FieldError[] = [];
  if (options.sendInitialEvents === undefined) {
    if (match !== '') {
      faults.push(
        forbiddenField(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
      );
    }
    return faults;
  }
  if (match === '') {
    faults.push(forbiddenField(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  } else if (match !== 'NotOlderThan') {
    faults.push(unsupportedField(MATCH, match, ['NotOlderThan']));
  }
  if (match !== '' && options.continue !== '') {
    faults.push(forbiddenField(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  return faults;
}
