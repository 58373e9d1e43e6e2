// What the watch cache holds and has done, resource by resource, under Kubernetes' names. Pure.
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import type { Revision } from '../../storage/store.ts';
import { MOST_EVENTS, type ResourceCache } from '../watchcache/resource-cache.ts';

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (resource: ResourceCache) => number;
  /** Undefined: group and resource. */
  readonly labels?: (resource: ResourceCache) => Labels;
}

const counter = (name: string, help: string, value: Family['value'], labels?: Family['labels']): Family => ({
  name,
  type: 'counter',
  help,
  value,
  ...(labels !== undefined && { labels }),
});
const gauge = (name: string, help: string, value: Family['value'], labels?: Family['labels']): Family => ({
  ...counter(name, help, value, labels),
  type: 'gauge',
});

const FAMILIES: readonly Family[] = [
  gauge(
    'apiserver_storage_objects',
    '[DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
    ({ size }) => size,
    (resource) => ({ resource: qualified(resource) }),
  ),
  gauge(
    'apiserver_resource_objects',
    'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
    ({ size }) => size,
  ),
  gauge(
    'apiserver_registered_watchers',
    'Number of currently registered watchers for a given resource.',
    ({ watcherCount }) => watcherCount,
  ),
  counter(
    'apiserver_init_events_total',
    'Counter of init events processed in watch cache broken by resource type.',
    ({ counts }) => counts.loaded,
  ),
  counter(
    'apiserver_watch_cache_initializations_total',
    'Counter of watch cache initializations broken by resource type.',
    ({ counts }) => counts.initializations,
  ),
  counter(
    'apiserver_storage_events_received_total',
    'Number of etcd events received split by kind.',
    ({ counts }) => counts.received,
  ),
  counter(
    'apiserver_watch_cache_events_received_total',
    'Counter of events received in watch cache broken by resource type.',
    ({ counts }) => counts.received,
  ),
  counter(
    'apiserver_watch_cache_events_dispatched_total',
    'Counter of events dispatched in watch cache broken by resource type.',
    ({ counts }) => counts.received,
  ),
  counter(
    'apiserver_terminated_watchers_total',
    'Counter of watchers closed due to unresponsiveness broken by resource type.',
    ({ counts }) => counts.terminated,
  ),
  gauge('watch_cache_capacity', 'Total capacity of watch cache broken by resource type.', () => MOST_EVENTS),
  counter(
    'apiserver_cache_list_total',
    'Number of LIST requests served from watch cache',
    ({ counts }) => counts.lists.count,
    (resource) => ({ ...own(resource), index: '' }),
  ),
  counter(
    'apiserver_cache_list_fetched_objects_total',
    'Number of objects read from watch cache in the course of serving a LIST request',
    ({ counts }) => counts.lists.fetched,
    (resource) => ({ ...own(resource), index: '' }),
  ),
  counter(
    'apiserver_cache_list_returned_objects_total',
    'Number of objects returned for a LIST request from watch cache',
    ({ counts }) => counts.lists.returned,
  ),
  counter(
    'apiserver_storage_list_total',
    'Number of LIST requests served from storage',
    ({ counts }) => counts.storeLists.count,
  ),
  counter(
    'apiserver_storage_list_fetched_objects_total',
    'Number of objects read from storage in the course of serving a LIST request',
    ({ counts }) => counts.storeLists.fetched,
  ),
  counter(
    'apiserver_storage_list_evaluated_objects_total',
    'Number of objects tested in the course of serving a LIST request from storage',
    ({ counts }) => counts.storeLists.fetched,
  ),
  counter(
    'apiserver_storage_list_returned_objects_total',
    'Number of objects returned for a LIST request from storage',
    ({ counts }) => counts.storeLists.returned,
  ),
];

const CONSISTENT = 'apiserver_watch_cache_consistent_read_total';
const READ_WAIT = 'apiserver_watch_cache_read_wait_seconds';
const REVISION = 'apiserver_watch_cache_resource_version';

/** `revision`: everything up to there is in the cache, of whatever resource. */
export function cacheLines(resources: Iterable<ResourceCache>, revision: Revision): string[] {
  const all = [...resources];
  return [
    ...FAMILIES.flatMap(({ name, type, help, value, labels = own }) =>
      familyLines(
        name,
        type,
        help,
        all.map((resource) => sampleLine(name, labels(resource), value(resource))),
      ),
    ),
    ...familyLines(
      REVISION,
      'gauge',
      'Current resource version of watch cache broken by resource type. This is truncated to the 15 least significant digits.',
      all.map((resource) => sampleLine(REVISION, own(resource), revision % 1e15)),
    ),
    ...familyLines(
      CONSISTENT,
      'counter',
      'Counter for consistent reads from cache.',
      all.flatMap((resource) => {
        const { served, failed } = resource.counts.consistent;
        const line = (success: boolean, count: number) =>
          sampleLine(CONSISTENT, { ...own(resource), success: String(success), fallback: 'false' }, count);
        return [...(served > 0 ? [line(true, served)] : []), ...(failed > 0 ? [line(false, failed)] : [])];
      }),
    ),
    ...familyLines(
      READ_WAIT,
      'histogram',
      'Histogram of time spent waiting for a watch cache to become fresh.',
      all.flatMap((resource) => {
        const { readWait } = resource.counts;
        return readWait.count === 0 ? [] : readWait.lines(READ_WAIT, own(resource));
      }),
    ),
  ];
}

function own({ prefix }: ResourceCache): { group: string; resource: string } {
  const [, , group = '', resource = ''] = prefix.split('/');
  return { group: group === 'core' ? '' : group, resource };
}

function qualified(cache: ResourceCache): string {
  const { group, resource } = own(cache);
  return group === '' ? resource : `${resource}.${group}`;
}
