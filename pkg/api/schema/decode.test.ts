import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isApiError } from '../meta/status.ts';
import { decodeObject, decodeValue, type DecodeOptions } from './decode.ts';
import { schemaOf } from './object-schema.ts';
import { compileValidator } from './validators.ts';

const pod = { schema: schemaOf('core.v1.Pod'), groupVersionKind: { group: '', version: 'v1', kind: 'Pod' } };
const secret = { schema: schemaOf('core.v1.Secret'), groupVersionKind: { group: '', version: 'v1', kind: 'Secret' } };

function json(type: typeof pod, fieldValidation: DecodeOptions['fieldValidation'] = 'Strict'): DecodeOptions {
  return { ...type, format: 'json', fieldValidation };
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isApiError(error, 'BadRequest')) return error.message;
    throw error;
  }
  return 'no error';
}

describe('decodeObject refuses', () => {
  test.each([
    {
      what: 'unknown and duplicate fields together, in the order of the text',
      text: '{"metadata":{"name":"a","name":"b"},"spec":{"foo":1},"bar":{}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: duplicate field "metadata.name", unknown field "spec.foo", unknown field "bar"',
    },
    {
      what: 'an unknown field of a list item by its position',
      text: '{"spec":{"containers":[{"name":"a"},{"img":"x"}]}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[1].img"',
    },
    {
      what: 'a number where a text belongs, naming struct and field without positions',
      text: '{"spec":{"containers":[{"name":1}]}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    },
    {
      what: 'a text where a struct belongs',
      text: '{"spec":"x"}',
      want: 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec',
    },
    {
      what: 'a map where a list belongs',
      text: '{"spec":{"containers":{}}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    },
    {
      what: 'a wrong value in a map of texts',
      text: '{"metadata":{"labels":{"a":true}}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    },
    {
      what: 'a fraction for an integer',
      text: '{"spec":{"priority":1.5}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32',
    },
    {
      what: 'a quantity that is none',
      text: '{"spec":{"overhead":{"cpu":"1x"}}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
    },
    {
      what: 'a time that is none',
      text: '{"metadata":{"deletionTimestamp":"yesterday"}}',
      want: 'Pod in version "v1" cannot be handled as a Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    },
    {
      what: 'another kind',
      text: '{"kind":"Secret","apiVersion":"v1"}',
      want: 'Secret in version "v1" cannot be handled as a Pod: converting (v1.Secret) to (core.Pod): unknown conversion',
    },
    {
      what: 'another version',
      text: '{"kind":"Pod","apiVersion":"v2"}',
      want: 'the API version in the data (v2) does not match the expected API version (v1)',
    },
    {
      what: 'a kind that there is not',
      text: '{"kind":"Foo","apiVersion":"v1"}',
      want: 'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    },
    {
      what: 'a kind in a group that it is not in',
      text: '{"kind":"Pod","apiVersion":"apps/v1"}',
      want: 'Pod in version "v1" cannot be handled as a Pod: no kind "Pod" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    },
    {
      what: 'a version that is none',
      text: '{"kind":"Pod","apiVersion":"a/b/c"}',
      want: 'the object provided is unrecognized (must be of type Pod): unexpected GroupVersion string: a/b/c ({"kind":"Pod","apiVersion":"a/ ...)',
    },
    {
      what: 'a kind that is no text',
      text: '{"kind":3}',
      want: `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})`,
    },
    {
      what: 'what is nested too deeply',
      text: `{"spec":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      want: `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: exceeded max depth ({"spec":[[[[[[[[[[[[[[[[[[[[[[ ...)`,
    },
    {
      what: 'what is not JSON',
      text: 'hello',
      want: "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)",
    },
    {
      what: 'half of an object',
      text: '{"kind":"Pod",',
      want: 'the object provided is unrecognized (must be of type Pod): couldn\'t get version/kind; json parse error: unexpected end of JSON input ({"kind":"Pod",)',
    },
  ])('$what', ({ text, want }) => {
    expect(messageOf(() => decodeObject(text, json(pod)))).toBe(want);
  });
});

describe('decodeObject repairs what Go repairs', () => {
  test.each([
    { what: 'null fields are absent', text: '{"spec":{"nodeName":null}}', want: {} },
    { what: 'null in a list is an empty item', text: '{"spec":{"containers":[null]}}', want: { containers: [{}] } },
    {
      what: 'null in a map is the zero value',
      text: '{"spec":{"nodeSelector":{"a":null}}}',
      want: { nodeSelector: { a: '' } },
    },
    { what: 'empty optional lists and maps vanish', text: '{"spec":{"tolerations":[],"nodeSelector":{}}}', want: {} },
    { what: 'empty required lists stay', text: '{"spec":{"containers":[]}}', want: { containers: [] } },
    { what: 'empty structs stay', text: '{"spec":{"securityContext":{}}}', want: { securityContext: {} } },
    { what: 'a quantity may be a number', text: '{"spec":{"overhead":{"cpu":2}}}', want: { overhead: { cpu: '2' } } },
    {
      what: 'a quantity keeps the exponent of a number',
      text: '{"spec":{"overhead":{"cpu":1e3,"memory":1000}}}',
      want: { overhead: { cpu: '1e3', memory: '1k' } },
    },
    {
      what: 'quantities become canonical',
      text: '{"spec":{"overhead":{"cpu":"1500m","memory":"2048Mi"}}}',
      want: { overhead: { cpu: '1500m', memory: '2Gi' } },
    },
  ])('$what', ({ text, want }) => {
    expect(decodeObject(text, json(pod)).object).toMatchObject({ spec: want });
    expect(Reflect.get(decodeObject(text, json(pod)).object, 'spec')).toEqual(want);
  });

  test('times are kept in UTC and whole seconds', () => {
    const { object } = decodeObject('{"metadata":{"creationTimestamp":"2020-01-02T03:04:05.678+02:00"}}', json(pod));
    expect(object.metadata.creationTimestamp).toBe('2020-01-02T01:04:05Z');
  });

  test('line breaks in base64 are dropped, and what is no base64 is refused', () => {
    expect(decodeObject(String.raw`{"data":{"a":"eHh4\neA=="}}`, json(secret)).object).toMatchObject({
      data: { a: 'eHh4eA==' },
    });
    expect(messageOf(() => decodeObject('{"data":{"a":"e*=="}}', json(secret)))).toContain(
      'illegal base64 data at input byte 1',
    );
  });

  test('kind, apiVersion and metadata come first and are filled in', () => {
    expect(Object.keys(decodeObject('{"spec":{}}', json(pod)).object)).toEqual([
      'kind',
      'apiVersion',
      'metadata',
      'spec',
    ]);
    expect(decodeObject('{"spec":{},"apiVersion":"v1","metadata":{},"kind":"Pod"}', json(pod)).object.kind).toBe('Pod');
  });
});

test('a field of the object itself that stands twice is told too', () => {
  const text = '{"spec":{},"metadata":{"name":"a"},"spec":{"hostname":"b"}}';
  expect(decodeObject(text, json(pod, 'Warn')).warnings).toEqual(['duplicate field "spec"']);
});

test('with Warn the same faults are warnings and the unknown fields are dropped; with Ignore nothing is said', () => {
  const text = '{"metadata":{"name":"a","name":"b"},"foo":1}';
  const warned = decodeObject(text, json(pod, 'Warn'));
  expect(warned.warnings).toEqual(['duplicate field "metadata.name"', 'unknown field "foo"']);
  expect(warned.object).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'b' } });
  expect(decodeObject(text, json(pod, 'Ignore')).warnings).toEqual([]);
});

test('a body nested too deeply is refused with 400, whatever it is part of', () => {
  const deep = (open: string, inner: string, close: string): string =>
    `${open.repeat(50_000)}${inner}${close.repeat(50_000)}`;
  for (const text of [
    deep('[', '', ']'),
    `{"metadata":${deep('{"a":', '1', '}')}}`,
    `{"spec":{"containers":${deep('[', '', ']')}}}`,
  ]) {
    expect(messageOf(() => decodeObject(text, json(pod)))).not.toBe('no error');
  }
});

test('DeleteOptions are taken under the name of any group', () => {
  const schema = schemaOf('meta.v1.DeleteOptions');
  const options = { schema, groupVersionKind: { group: '', version: 'v1', kind: 'DeleteOptions' } };
  const text = '{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0}';
  expect(decodeObject(text, json(options)).object).toEqual({
    kind: 'DeleteOptions',
    apiVersion: 'apps/v1',
    gracePeriodSeconds: 0,
  });
});

test('YAML is read with its own texts for keys that stand twice', () => {
  const text = 'metadata:\n  name: a\n  name: b\nspec:\n  hostNetwork: yes\n';
  const { object, warnings } = decodeObject(text, { ...pod, format: 'yaml', fieldValidation: 'Warn' });
  expect(object).toMatchObject({ metadata: { name: 'b' }, spec: { hostNetwork: true } });
  expect(warnings).toEqual(['yaml: unmarshal errors:\n  line 3: key "name" already set in map']);
});

describe('the compiled validator', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const container = fc.record(
    {
      name,
      image: fc.option(name, { nil: null }),
      args: fc.array(name, { maxLength: 2 }),
      ports: fc.array(fc.record({ containerPort: fc.integer({ min: 1, max: 65535 }) }), { maxLength: 2 }),
      resources: fc.record({ limits: fc.dictionary(name, fc.constantFrom('1', '100m', '2048Mi', '1000m', 3)) }),
      unknown: name,
    },
    { requiredKeys: ['name'] },
  );
  const spec = fc.record(
    {
      containers: fc.array(container, { maxLength: 3 }),
      nodeName: name,
      priority: fc.integer(),
      hostNetwork: fc.boolean(),
    },
    { requiredKeys: [] },
  );

  test('takes only objects that the exact walk leaves as they are', () => {
    const validate = compileValidator(pod.schema);
    const before = { ...pod, fieldValidation: 'Warn' as const };
    fc.assert(
      fc.property(spec, (value) => {
        const object = { kind: 'Pod', apiVersion: 'v1', metadata: {}, spec: value };
        // A key that no schema has forces the walk.
        const walked = decodeValue({ ...object, 'not a field': 1 }, before);
        if (validate(object)) {
          expect(walked.object).toEqual(object);
          expect(walked.warnings).toHaveLength(1);
        }
        expect(decodeValue(object, before).object).toEqual(walked.object);
      }),
    );
  });

  test('accepts an ordinary pod', () => {
    const object = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a', labels: { app: 'a' }, creationTimestamp: '2020-01-01T00:00:00Z' },
      spec: { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '100m', memory: '64Mi' } } }] },
    };
    expect(compileValidator(pod.schema)(object)).toBe(true);
  });
});
