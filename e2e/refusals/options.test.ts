// Options of requests that make no sense: selectors, pages, versions, watches, deletions, patches.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { ask, said } from './ask.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const NAME_RULE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

let server: ApiServerProcess;

beforeAll(async () => {
  server = await startApiServer();
  await ask(server, { method: 'POST', path: MAPS, body: { metadata: { name: 'here' }, data: { a: '1' } } });
  await ask(server, {
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { metadata: { name: 'default' } },
  });
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await ask(server, { method: 'POST', path: PODS, body: { metadata: { name: 'p' }, spec } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const get = async (path: string) => said(await ask(server, { path }));

describe('label selectors', () => {
  test.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a notin (b),', "found '', expected: identifier after ','"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['A_=b', `unable to parse requirement: <nil>: Invalid value: "A_": ${NAME_RULE}`],
  ])('%j', async (selector, want) => {
    expect(await get(`${PODS}?labelSelector=${encodeURIComponent(selector)}`)).toBe(`400 BadRequest: ${want}`);
    expect(await get(`${PODS}?watch=1&labelSelector=${encodeURIComponent(selector)}`)).toBe(`400 BadRequest: ${want}`);
  });
});

describe('field selectors', () => {
  test.each([
    [PODS, 'spec.foo=1', 'field label not supported: spec.foo'],
    [PODS, 'metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    [PODS, String.raw`metadata.name=a\b`, String.raw`invalid field selector: invalid escape sequence: \b`],
    [PODS, 'metadata.name=a=b', 'invalid field selector: unescaped character in value: ='],
    [MAPS, 'data.a=1', '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ])('%s %j', async (path, selector, want) => {
    const asked = `${path}?fieldSelector=${encodeURIComponent(selector)}`;
    expect(await get(asked)).toBe(`400 BadRequest: ${want}`);
    expect(said(await ask(server, { method: 'DELETE', path: asked }))).toBe(`400 BadRequest: ${want}`);
  });
});

const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const KEY = 'invalid continue token: continue key is not valid: ';
const LIST = 'ListOptions.meta.k8s.io "" is invalid: ';

describe('lists and watches', () => {
  test.each([
    ['limit=a', '400 BadRequest: strconv.ParseInt: parsing "a": invalid syntax'],
    [
      'limit=99999999999999999999',
      '400 BadRequest: strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    ['limit=9007199254740993', '200 ConfigMapList'],
    ['limit=-1', '200 ConfigMapList'],
    ['timeoutSeconds=1.5', '400 BadRequest: strconv.ParseInt: parsing "1.5": invalid syntax'],
    ['continue=%25', `400 BadRequest: ${KEY}illegal base64 data at input byte 0`],
    ['continue=ew', `400 BadRequest: ${KEY}unexpected end of JSON input`],
    [
      `continue=${token({ v: 'other', rv: 5, start: 'a' })}`,
      `400 BadRequest: ${KEY}server does not recognize this encoded version: "other"`,
    ],
    [
      `continue=${token({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' })}`,
      `400 BadRequest: ${KEY}incorrect encoded start resourceVersion (version meta.k8s.io/v1)`,
    ],
    [
      'resourceVersion=abc',
      '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      'resourceVersion=99999999999999999999',
      '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "99999999999999999999": strconv.ParseUint: parsing "99999999999999999999": value out of range',
    ],
    [
      'resourceVersionMatch=Exact',
      `422 Invalid: ${LIST}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`,
    ],
    [
      'resourceVersion=5&resourceVersionMatch=Foo',
      `422 Invalid: ${LIST}resourceVersionMatch: Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""`,
    ],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      `422 Invalid: ${LIST}resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
    ],
    [
      'sendInitialEvents=true',
      `422 Invalid: ${LIST}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`,
    ],
    [
      'watch=1&resourceVersion=abc',
      '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      'watch=1&sendInitialEvents=true',
      `422 Invalid: ${LIST}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      `422 Invalid: ${LIST}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
    ],
  ])('%s', async (query, want) => {
    expect(await get(`${MAPS}?${query}`)).toBe(want);
  });

  test('a version that is yet to come is waited for and then refused', async () => {
    const answer = await ask(server, { path: `${MAPS}?resourceVersion=999999999` });
    expect(said(answer)).toMatch(/^504 Timeout: Too large resource version: 999999999, current: \d+$/);
    expect(answer.json['details']).toEqual({
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  });
});

describe('options of writes', () => {
  const CREATE = '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: ';
  test.each([
    ['dryRun=Some', `${CREATE}dryRun: Unsupported value: []string{"Some"}: supported values: "All"`],
    [`fieldManager=${'a'.repeat(129)}`, `${CREATE}fieldManager: Too long: may not be more than 128 bytes`],
    ['fieldManager=a%01', `${CREATE}fieldManager: Invalid value: "a\\u0001": invalid character U+0001 (at position 1)`],
  ])('%s', async (query, want) => {
    const asked = { method: 'POST', path: `${MAPS}?${query}`, body: { metadata: { name: 'y' } } };
    expect(said(await ask(server, asked))).toBe(want);
  });
});

describe('deletions', () => {
  const DELETE = '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: ';
  const NO_OPTIONS = '400 BadRequest: DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ';
  test.each([
    [
      { propagationPolicy: 'Foo' },
      `${DELETE}propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"`,
    ],
    [
      { propagationPolicy: 'Orphan', orphanDependents: true },
      `${DELETE}propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set`,
    ],
    [{ dryRun: ['x'] }, `${DELETE}dryRun: Unsupported value: []string{"x"}: supported values: "All"`],
    [
      { gracePeriodSeconds: 'x' },
      `${NO_OPTIONS}json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    ],
    [
      { preconditions: [] },
      `${NO_OPTIONS}json: cannot unmarshal array into Go struct field DeleteOptions.preconditions of type v1.Preconditions`,
    ],
  ])('%j', async (body, want) => {
    expect(said(await ask(server, { method: 'DELETE', path: `${MAPS}/here`, body }))).toBe(want);
  });

  test('of another object than is meant', async () => {
    const body = { preconditions: { uid: 'other' } };
    expect(said(await ask(server, { method: 'DELETE', path: `${MAPS}/here`, body }))).toMatch(
      /^409 Conflict: Operation cannot be fulfilled on ConfigMap "here": the UID in the precondition \(other\) does not match the UID in record \([-0-9a-f]{36}\)\. The object might have been deleted and then recreated$/,
    );
  });
});

describe('updates', () => {
  test.each([
    [{}, '400 BadRequest: the name of the object (here based on URL) was undeterminable: name must be provided'],
    [
      { metadata: { name: 'other' } },
      '400 BadRequest: the name of the object (other) does not match the name on the URL (here)',
    ],
    [
      { metadata: { name: 'here', resourceVersion: '1' } },
      '409 Conflict: Operation cannot be fulfilled on configmaps "here": the object has been modified; please apply your changes to the latest version and try again',
    ],
  ])('%j', async (body, want) => {
    expect(said(await ask(server, { method: 'PUT', path: `${MAPS}/here`, body }))).toBe(want);
  });
});

describe('patches', () => {
  const REJECTED = '422 Invalid: the server rejected our request due to an error in our request';
  const JSON_PATCH = 'application/json-patch+json';
  const MERGE = 'application/merge-patch+json';
  const STRATEGIC = 'application/strategic-merge-patch+json';
  const APPLY = 'application/apply-patch+yaml';
  test.each([
    [JSON_PATCH, '{', '400 BadRequest: error decoding patch: unexpected end of JSON input'],
    [
      JSON_PATCH,
      '{}',
      '400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [JSON_PATCH, '[{"op":"foo","path":"/a"}]', REJECTED],
    [JSON_PATCH, '[{"op":"remove","path":"/none"}]', REJECTED],
    [JSON_PATCH, '[{"op":"test","path":"/kind","value":"Pod"}]', REJECTED],
    [MERGE, '', '400 BadRequest: error decoding patch: unexpected end of JSON input'],
    [
      MERGE,
      '[]',
      '400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      MERGE,
      '{"metadata":{"name":"other"}}',
      '400 BadRequest: the name of the object (other) does not match the name on the URL (here)',
    ],
    [
      MERGE,
      '{"metadata":{"uid":"x"}}',
      '422 Invalid: ConfigMap "here" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    ],
    [
      STRATEGIC,
      '{"data":3}',
      '422 Invalid:  "" is invalid: patch: Invalid value: "map[data:3]": json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string',
    ],
    [STRATEGIC, '{"$patch":"foo"}', '500 : unknown patch type: foo in map: map[$patch:foo]'],
    [
      APPLY,
      'a: b: c',
      '400 BadRequest: error decoding YAML: error converting YAML to JSON: yaml: mapping values are not allowed in this context',
    ],
    [
      APPLY,
      'a: *b',
      "400 BadRequest: error decoding YAML: error converting YAML to JSON: yaml: unknown anchor 'b' referenced",
    ],
    [APPLY, 'apiVersion: v1\nkind: Secret', '400 BadRequest: invalid object type: /v1, Kind=Secret'],
    ['text/plain', '{}', '415 UnsupportedMediaType: 415: Unsupported Media Type'],
  ])('%s %j', async (type, body, want) => {
    const path = `${MAPS}/here${type === APPLY ? '?fieldManager=test' : ''}`;
    expect(said(await ask(server, { method: 'PATCH', path, body, headers: { 'content-type': type } }))).toBe(want);
  });

  test('an apply says who applies', async () => {
    const asked = { method: 'PATCH', path: `${MAPS}/here`, body: '{}', headers: { 'content-type': APPLY } };
    expect(said(await ask(server, asked))).toBe(
      '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  });

  test('only an apply is forced', async () => {
    const asked = { method: 'PATCH', path: `${MAPS}/here?force=1`, body: '{}', headers: { 'content-type': MERGE } };
    expect(said(await ask(server, asked))).toBe(
      '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });
});
