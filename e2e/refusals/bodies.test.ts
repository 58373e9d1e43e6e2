// Bodies that cannot be read, or are not what they should be: the status and the sentence that Kubernetes answers with.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { ask, JSON_TYPE, said, YAML_TYPE } from './ask.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const UNRECOGNIZED = '400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): ';
const NO_VERSION = `${UNRECOGNIZED}couldn't get version/kind; json parse error: `;
const NO_MAP = '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: ';
const NO_POD = '400 BadRequest: Pod in version "v1" cannot be handled as a Pod: ';
const TYPE_META =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

let server: ApiServerProcess;

beforeAll(async () => {
  server = await startApiServer();
  await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function post(path: string, body: unknown, type = JSON_TYPE) {
  return ask(server, { method: 'POST', path, body, headers: { 'content-type': type } });
}

const map = (more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, ...more });
const pod = (container: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
});

describe('text that is not JSON', () => {
  test.each([
    ['', 'unexpected end of JSON input (<empty>)'],
    ['{', 'unexpected end of JSON input ({)'],
    ['hello', "invalid character 'h' looking for beginning of value (68656c6c6f)"],
    ['{} x', "invalid character 'x' after top-level value ({} x)"],
    ['{"a":1,}', `invalid character '}' looking for beginning of object key string ({"a":1,})`],
    ['{"a":"\n"}', String.raw`invalid character '\n' in string literal ({"a":"` + '\n"})'],
    ['[]', `json: cannot unmarshal array into ${TYPE_META} (5b5d)`],
    ['"a"', `json: cannot unmarshal string into ${TYPE_META} (226122)`],
    ['1', `json: cannot unmarshal number into ${TYPE_META} (31)`],
    ['{"kind":3}', 'json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})'],
    [
      '{"apiVersion":[]}',
      'json: cannot unmarshal array into Go struct field .apiVersion of type string ({"apiVersion":[]})',
    ],
  ])('%j', async (text, want) => {
    expect(said(await post(MAPS, text))).toBe(NO_VERSION + want);
  });

  test('nested ten thousand times and once more', async () => {
    const nested = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect(said(await post(MAPS, nested))).toBe(`${NO_VERSION}exceeded max depth ({"a":[[[[[[[[[[[[[[[[[[[[[[[[[ ...)`);
  });
});

describe('text that is not YAML', () => {
  test.each([
    ['a: b: c', 'yaml: mapping values are not allowed in this context (613a20623a2063)'],
    ['a:\n\t- b', 'yaml: line 2: found character that cannot start any token (613a0a092d2062)'],
    ['a: *b', "yaml: unknown anchor 'b' referenced (613a202a62)"],
    ['a: &a [*a]', "yaml: anchor 'a' value contains itself (613a202661205b2a615d)"],
    [
      'hello',
      `couldn't get version/kind; json parse error: json: cannot unmarshal string into ${TYPE_META} (68656c6c6f)`,
    ],
  ])('%j', async (text, want) => {
    expect(said(await post(MAPS, text, YAML_TYPE))).toBe(UNRECOGNIZED + want);
  });

  test('aliases that would multiply a billionfold are refused at once', async () => {
    const list = (inner: string) => `[${Array.from({ length: 9 }, () => inner).join(',')}]`;
    const bomb = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} ${list(i === 0 ? 'x' : `*a${i - 1}`)}`).join('\n');
    expect(said(await post(MAPS, bomb, YAML_TYPE))).toContain('yaml: document contains excessive aliasing');
  });
});

describe('another object than the path is about', () => {
  const SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"';
  test.each([
    [
      { apiVersion: 'v1', kind: 'Secret' },
      '400 BadRequest: Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      { apiVersion: 'v1', kind: 'Foo' },
      `400 BadRequest: Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" ${SCHEME}`,
    ],
    [
      { apiVersion: 'apps/v1', kind: 'ConfigMap' },
      `${NO_MAP}no kind "ConfigMap" is registered for version "apps/v1" ${SCHEME}`,
    ],
    [
      { apiVersion: 'a/b/c', kind: 'ConfigMap' },
      `${UNRECOGNIZED}unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)`,
    ],
    [
      map({ metadata: { name: 'x', namespace: 'other' } }),
      '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request',
    ],
  ])('%j', async (body, want) => {
    expect(said(await post(MAPS, body))).toBe(want);
  });
});

describe('wrong types', () => {
  test.each([
    [
      MAPS,
      map({ metadata: 'x' }),
      `${NO_MAP}json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta`,
    ],
    [
      MAPS,
      map({ metadata: { name: 3 } }),
      `${NO_MAP}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string`,
    ],
    [
      MAPS,
      map({ data: { a: 1 } }),
      `${NO_MAP}json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    ],
    [
      MAPS,
      map({ data: 'a' }),
      `${NO_MAP}json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string`,
    ],
    [MAPS, map({ binaryData: { a: '%%' } }), `${NO_MAP}illegal base64 data at input byte 0`],
    [
      PODS,
      pod({ ports: [{ containerPort: '80' }] }),
      `${NO_POD}json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ],
    [
      PODS,
      pod({ ports: [{ containerPort: 80.5 }] }),
      `${NO_POD}json: cannot unmarshal number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ],
    [
      PODS,
      pod({}, { hostNetwork: 'true' }),
      `${NO_POD}json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool`,
    ],
    [
      PODS,
      pod({ env: [{ name: 'A', value: 1 }] }),
      `${NO_POD}json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string`,
    ],
    [
      PODS,
      pod({ resources: { limits: { cpu: 'much' } } }),
      `${NO_POD}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      PODS,
      { ...pod({}), metadata: { name: 'p', creationTimestamp: 'now' } },
      `${NO_POD}parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`,
    ],
  ])('%s %j', async (path, body, want) => {
    expect(said(await post(path, body))).toBe(want);
  });
});

describe('what is missing or against the rules', () => {
  test.each([
    [MAPS, {}, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    [
      MAPS,
      map({ data: { 'a b': '' } }),
      `ConfigMap "x" is invalid: data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ],
    [PODS, { metadata: { name: 'p' } }, 'Pod "p" is invalid: spec.containers: Required value'],
    [PODS, pod({}, { volumes: [{}] }), 'Pod "p" is invalid: spec.volumes[0].name: Required value'],
    [
      PODS,
      pod({ ports: [{ containerPort: 70_000 }] }),
      'Pod "p" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      PODS,
      pod({}, { restartPolicy: 'Sometimes' }),
      'Pod "p" is invalid: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      DEPLOYMENTS,
      { metadata: { name: 'd' }, spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } } },
      'Deployment.apps "d" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`]',
    ],
  ])('%s %j', async (path, body, want) => {
    const answer = await post(path, body);
    expect(said(answer)).toBe(`422 Invalid: ${want}`);
    // Each fault stands in the details too.
    const { details } = answer.json;
    const causes = want.includes('[spec.selector') ? 2 : 1;
    expect(details).toHaveProperty('causes.length', causes);
  });

  test('a namespace that there is not', async () => {
    const answer = await post('/api/v1/namespaces/none/configmaps', map());
    expect(said(answer)).toBe('404 NotFound: namespaces "none" not found');
    expect(answer.json['details']).toEqual({ name: 'none', kind: 'namespaces' });
  });

  test('a version on what is yet to be made', async () => {
    const answer = await post(MAPS, map({ metadata: { name: 'x', resourceVersion: '3' } }));
    expect(said(answer)).toBe('500 : resourceVersion should not be set on objects to be created');
  });
});

describe('unknown and repeated fields', () => {
  const text = '{"metadata":{"name":"a","name":"known","foo":1},"bar":{}}';
  const faults = ['duplicate field "metadata.name"', 'unknown field "metadata.foo"', 'unknown field "bar"'];
  const create = (validation: string) => post(`${MAPS}?dryRun=All&fieldValidation=${validation}`, text);

  test('Strict refuses them together', async () => {
    expect(said(await create('Strict'))).toBe(`${NO_MAP}strict decoding error: ${faults.join(', ')}`);
  });

  test.each(['Warn', ''])('%j tells them one by one', async (validation) => {
    const answer = await create(validation);
    expect(said(answer)).toBe('201 ConfigMap');
    expect(answer.headers['warning']).toBe(faults.map((fault) => `299 - ${JSON.stringify(fault)}`).join(', '));
  });

  test('Ignore says nothing', async () => {
    const answer = await create('Ignore');
    expect(said(answer)).toBe('201 ConfigMap');
    expect(answer.headers['warning']).toBeUndefined();
  });

  test('another word is refused', async () => {
    expect(said(await create('strict'))).toBe(
      '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
    );
  });

  test('YAML names the line', async () => {
    const yaml = 'metadata:\n  name: a\n  name: b\nfoo: 1\n';
    expect(said(await post(`${MAPS}?fieldValidation=Strict`, yaml, YAML_TYPE))).toBe(
      `${NO_MAP}strict decoding error: yaml: unmarshal errors:\n  line 3: key "name" already set in map, unknown field "foo"`,
    );
  });
});

describe('too much', () => {
  test('a body above three MiB is not read', async () => {
    const big = JSON.stringify(map({ data: { a: 'x'.repeat(3 * 1024 * 1024) } }));
    expect(said(await post(MAPS, big))).toBe('413 RequestEntityTooLarge: Request entity too large: limit is 3145728');
  });

  test('a ConfigMap above one MiB is not kept', async () => {
    expect(said(await post(MAPS, map({ data: { a: 'x'.repeat(1024 * 1024 + 1) } })))).toBe(
      '422 Invalid: ConfigMap "x" is invalid: []: Too long: may not be more than 1048576 bytes',
    );
  });
});
