// Paths and methods that there are not, and formats that are not spoken.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { ask, said, YAML_TYPE } from './ask.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const NO_RESOURCE = '404 NotFound: the server could not find the requested resource';
const NO_PAGE = '404 404 page not found\n';
const NO_METHOD = '405 MethodNotAllowed: the server does not allow this method on the requested resource';
const NOT_SPOKEN = '406 NotAcceptable: only the following media types are accepted: ';
const NOT_READ =
  '415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf';

let server: ApiServerProcess;

beforeAll(async () => {
  server = await startApiServer();
  await ask(server, { method: 'POST', path: MAPS, body: { metadata: { name: 'here' } } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('paths', () => {
  test.each([
    ['/api/v1/foos', NO_RESOURCE],
    ['/api/v1/namespaces/default/foos', NO_RESOURCE],
    ['/api/v2/pods', NO_RESOURCE],
    ['/apis/apps/v9/deployments', NO_RESOURCE],
    ['/apis/apps/v1/foos', NO_RESOURCE],
    ['/apis/none.io/v1/foos', NO_PAGE],
    ['/foo', NO_PAGE],
    ['//api/v1/pods', NO_PAGE],
    ['/API/v1/pods', NO_PAGE],
    ['/api/v1/Pods', NO_RESOURCE],
    ['/api/v1/configmaps/here', NO_RESOURCE],
    [`${MAPS}/here/status`, NO_RESOURCE],
    ['/api/v1/namespaces/default/pods/p/status/more', NO_RESOURCE],
    ['/api/v1/nodes/none', '404 NotFound: nodes "none" not found'],
    [`${MAPS}/none`, '404 NotFound: configmaps "none" not found'],
    [`${MAPS}/HERE`, '404 NotFound: configmaps "HERE" not found'],
    ['/apis/apps/v1/namespaces/default/deployments/none/scale', '404 NotFound: deployments.apps "none" not found'],
    ['/openapi/v3/apis/none', NO_PAGE],
    ['/healthz/none', NO_PAGE],
  ])('%s', async (path, want) => {
    expect(said(await ask(server, { path }))).toBe(want);
  });

  test('the details of what is not found are the path', async () => {
    const { json } = await ask(server, { path: '/apis/apps/v1/namespaces/default/deployments/none' });
    expect(json['details']).toEqual({ name: 'none', group: 'apps', kind: 'deployments' });
    expect((await ask(server, { path: '/api/v1/foos' })).json['details']).toEqual({});
  });
});

describe('paths that would lead elsewhere', () => {
  test.each([
    ['/api/v1/../v1/pods', NO_RESOURCE],
    ['/api/v1/%2e%2e/v1/pods', NO_RESOURCE],
    [`${MAPS}/%2e%2e`, `400 BadRequest: Name parameter invalid: "..": may not be '..'`],
    [`${MAPS}/.`, `400 BadRequest: Name parameter invalid: ".": may not be '.'`],
    [`${MAPS}/..%2f..%2fsecrets`, NO_RESOURCE],
    ['/api/v1/namespaces/..%2fdefault/configmaps', NO_RESOURCE],
    ['/api/v1/namespaces/default%2fconfigmaps%2fhere', '200 ConfigMap'],
    [`${MAPS}/%zz`, NO_RESOURCE],
    [`${MAPS}/${'a'.repeat(5000)}`, `404 NotFound: configmaps "${'a'.repeat(5000)}" not found`],
  ])('%s', async (path, want) => {
    expect(said(await ask(server, { path }))).toBe(want);
  });
});

describe('methods', () => {
  test.each([
    ['PUT', MAPS],
    ['PATCH', MAPS],
    ['POST', `${MAPS}/here`],
    ['OPTIONS', MAPS],
    ['TRACE', MAPS],
    ['POST', '/api/v1/pods'],
    ['DELETE', '/api/v1/pods'],
    ['DELETE', '/api/v1/namespaces'],
    ['POST', '/api/v1/watch/pods'],
    ['GET', '/api/v1/namespaces/default/pods/p/binding'],
    ['POST', '/api/v1/namespaces/default/pods/p/status'],
    ['PUT', '/api/v1/componentstatuses/x'],
    ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
    ['DELETE', '/api'],
    ['POST', '/version'],
  ])('%s %s', async (method, path) => {
    const answer = await ask(server, { method, path });
    expect(said(answer)).toBe(NO_METHOD);
    expect(answer.json['details']).toEqual({});
  });
});

describe('formats', () => {
  test.each([
    [`${MAPS}/here`, 'text/html'],
    [`${MAPS}/here`, 'application/vnd.kubernetes.protobuf'],
    [`${MAPS}/here`, 'application/json;as=Table;v=v2;g=meta.k8s.io'],
    [`${MAPS}/here`, ';;;'],
    ['/api/v1', 'text/html'],
    ['/openapi/v2', 'text/html'],
  ])('of the answer: %s as %s', async (path, accept) => {
    expect(said(await ask(server, { path, headers: { accept } }))).toBe(
      `${NOT_SPOKEN}application/json, application/yaml`,
    );
  });

  test('of a watch', async () => {
    const { status } = await ask(server, { path: `${MAPS}?watch=1&timeoutSeconds=1`, headers: { accept: YAML_TYPE } });
    expect(status).toBe(406);
  });

  test('a browser gets JSON', async () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    expect(said(await ask(server, { path: `${MAPS}/here`, headers: { accept } }))).toBe('200 ConfigMap');
  });

  test('a refusal is YAML for those who asked for YAML', async () => {
    const answer = await ask(server, { path: `${MAPS}/none`, headers: { accept: YAML_TYPE } });
    expect(answer.headers['content-type']).toBe(YAML_TYPE);
    expect(answer.text).toContain('message: configmaps "none" not found\n');
  });

  test.each([
    ['POST', MAPS, 'text/plain'],
    ['POST', MAPS, 'application/x-www-form-urlencoded'],
    ['POST', MAPS, 'application/merge-patch+json'],
    ['PUT', `${MAPS}/here`, 'text/plain'],
    ['DELETE', `${MAPS}/here`, 'text/plain'],
  ])('of the body: %s %s as %s', async (method, path, type) => {
    const asked = { method, path, body: '{}', headers: { 'content-type': type } };
    expect(said(await ask(server, asked))).toBe(NOT_READ);
  });

  test('no content type means JSON', async () => {
    const asked = { method: 'POST', path: `${MAPS}?dryRun=All`, body: '{"metadata":{"name":"plain"}}' };
    expect(said(await ask(server, asked))).toBe('201 ConfigMap');
  });
});

describe('questions that ask nothing', () => {
  test.each([
    [
      '/apis/authentication.k8s.io/v1/tokenreviews',
      '400 BadRequest: token is required for TokenReview in authentication',
    ],
    [
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      '422 Invalid: SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      '422 Invalid: SubjectAccessReview.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
    ],
    [
      '/api/v1/namespaces/default/pods/p/eviction',
      '400 BadRequest: name in URL does not match name in Eviction object',
    ],
    ['/api/v1/namespaces/default/pods/p/binding', '400 BadRequest: name in URL does not match name in Binding object'],
  ])('%s', async (path, want) => {
    expect(said(await ask(server, { method: 'POST', path, body: {} }))).toBe(want);
  });
});
