// The objects of a cluster for its bug report: every list that its API server has but those of Secrets.
import type { ApiProbe } from '../api-probe.ts';
import { listableResources } from './listable-resources.ts';
import { json, type ReportEntry } from './report-archive.ts';

/** What control planes have counted; components of other processes are not there. */
const METRICS: Readonly<Record<string, string>> = {
  apiserver: '/metrics',
  'kube-scheduler': '/metrics/kube-scheduler',
  'kube-controller-manager': '/metrics/kube-controller-manager',
};

export async function* objectEntries(probe: ApiProbe): AsyncGenerator<ReportEntry> {
  const lists = await listableResources(probe);
  if (lists.length === 0) {
    yield { path: 'objects/none.txt', ask: () => Promise.resolve('the API server does not answer\n') };
  }
  for (const { path, file } of lists) {
    yield { path: `objects/${file}.json`, ask: async () => json((await probe.get(path)).body) };
  }
  yield { path: 'objects/readyz.txt', ask: async () => String((await probe.get('/readyz?verbose')).body) };
  for (const [file, path] of Object.entries(METRICS)) {
    yield { path: `metrics/${file}.txt`, ask: async () => String((await probe.get(path)).body) };
  }
}
