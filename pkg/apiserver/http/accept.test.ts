import { expect, test } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import { negotiate } from './accept.ts';

test.each([
  { accept: undefined, list: false, want: 'json object' },
  { accept: '*/*', list: true, want: 'json object' },
  { accept: 'application/json, */*', list: true, want: 'json object' },
  { accept: 'application/yaml', list: false, want: 'yaml object' },
  { accept: 'application/vnd.kubernetes.protobuf,application/json', list: false, want: 'json object' },
  { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', list: true, want: 'json table' },
  { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', list: true, want: 'json metadata' },
  { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', list: false, want: 'json metadata' },
  { accept: 'application/json;q=0.1, application/yaml', list: false, want: 'yaml object' },
  { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', list: true, want: '406' },
  { accept: 'application/json;as=Table;g=example.com;v=v1', list: true, want: '406' },
  { accept: 'application/vnd.kubernetes.protobuf', list: false, want: '406' },
  { accept: 'text/plain', list: false, want: '406' },
])('$accept (list: $list) means $want', ({ accept, list, want }) => {
  const answer = () => {
    try {
      const { format, as } = negotiate(accept, list);
      return `${format} ${as}`;
    } catch (error) {
      return error instanceof ApiError ? String(error.code) : 'other';
    }
  };
  expect(answer()).toBe(want);
  // The second time the answer is remembered and must be the same.
  expect(answer()).toBe(want);
});
