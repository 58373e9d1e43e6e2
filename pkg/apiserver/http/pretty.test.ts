import { expect, test } from 'vitest';
import { jsonResponse, textResponse } from '../encoded.ts';
import { indented, wantsPretty } from './pretty.ts';

test.each<{ query?: string; headers?: Record<string, string>; want: boolean }>([
  { want: false },
  { query: 'pretty=true', want: true },
  { query: 'pretty=1', want: true },
  { query: 'pretty=yes', want: false },
  { query: 'pretty', want: false },
  { headers: { 'user-agent': 'curl/8.1' }, want: true },
  { headers: { 'user-agent': 'Wget/1.21' }, want: true },
  { headers: { 'user-agent': 'Mozilla/5.0 (X11)' }, want: true },
  { headers: { 'user-agent': 'kubectl/v1.35 curl' }, want: false },
  { query: 'pretty=false', headers: { 'user-agent': 'curl/8.1' }, want: false },
  { query: 'pretty=', headers: { 'user-agent': 'curl/8.1' }, want: true },
  { headers: { accept: 'application/json;pretty=1' }, want: true },
  { headers: { accept: 'application/json; pretty=1, */*' }, want: true },
  { headers: { accept: 'application/json;pretty=0' }, want: false },
])('?$query with $headers: $want', ({ query = '', headers = {}, want }) => {
  expect(wantsPretty({ query: new URLSearchParams(query), headers })).toBe(want);
});

test.each([
  { what: 'an object', response: jsonResponse(200, { a: [1] }), want: '{\n  "a": [\n    1\n  ]\n}' },
  { what: 'no text', response: textResponse(200, 'ok'), want: 'ok' },
])('$what is indented', ({ response, want }) => {
  const answer = indented(response);
  expect(answer.form === 'object' && Buffer.from(answer.body.bytes).toString()).toBe(want);
});
