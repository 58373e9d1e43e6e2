import { expect, test } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import { negotiate, type Asked } from './accept.ts';

test.each<{ accept: string | undefined; asked: Asked; want: string }>([
  { accept: undefined, asked: 'object', want: 'json object' },
  { accept: '*/*', asked: 'list', want: 'json object' },
  { accept: 'application/json, */*', asked: 'list', want: 'json object' },
  { accept: 'application/yaml', asked: 'object', want: 'yaml object' },
  { accept: 'application/vnd.kubernetes.protobuf,application/json', asked: 'object', want: 'json object' },
  { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', asked: 'list', want: 'json table' },
  { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', asked: 'list', want: 'json metadata' },
  { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', asked: 'object', want: 'json metadata' },
  { accept: 'application/json;q=0.1, application/yaml', asked: 'object', want: 'yaml object' },
  { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', asked: 'list', want: '406' },
  { accept: 'application/json;as=Table;g=example.com;v=v1', asked: 'list', want: '406' },
  { accept: 'application/vnd.kubernetes.protobuf', asked: 'object', want: '406' },
  { accept: 'text/plain', asked: 'object', want: '406' },
  { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io', asked: 'untabular', want: '406' },
  { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,*/*', asked: 'untabular', want: 'json object' },
])('$accept (asked for: $asked) means $want', ({ accept, asked, want }) => {
  const answer = () => {
    try {
      const { format, as } = negotiate(accept, asked);
      return `${format} ${as}`;
    } catch (error) {
      return error instanceof ApiError ? String(error.code) : 'other';
    }
  };
  expect(answer()).toBe(want);
  // The second time the answer is remembered and must be the same.
  expect(answer()).toBe(want);
});
