import { expect, test } from 'vitest';
import { enums } from './enums.ts';
import { fields } from './generated/fields.gen.ts';
import { keptZeros } from './kept-zeros.ts';
import { parseMergeRules } from './merge-rules.ts';
import { schemaOf } from './object-schema.ts';
import { dropZeroValues } from './zero-values.ts';

test('every type of the tables can be parsed, however types refer to each other', () => {
  for (const name of Object.keys(fields)) expect(schemaOf(name).name).toBe(name);
  const props = schemaOf('apiextensions.v1.JSONSchemaProps').fields.get('not')?.schema;
  expect(props?.kind === 'object' && props.schema()).toBe(schemaOf('apiextensions.v1.JSONSchemaProps'));
});

test.each([
  [
    'core.v1.PodSpec',
    'containers',
    { listType: 'map', mapKeys: ['name'], patchStrategies: ['merge'], patchMergeKey: 'name' },
  ],
  ['core.v1.PodSpec', 'volumes', { listType: 'map', patchStrategies: ['merge', 'retainKeys'], patchMergeKey: 'name' }],
  ['core.v1.ServiceSpec', 'ports', { listType: 'map', mapKeys: ['port', 'protocol'], patchMergeKey: 'port' }],
  ['core.v1.PodSpec', 'tolerations', { listType: 'atomic', patchStrategies: [] }],
  ['meta.v1.ObjectMeta', 'finalizers', { listType: 'set', patchStrategies: ['merge'] }],
  ['core.v1.PodSpec', 'nodeSelector', { kind: 'map', mapType: 'atomic' }],
  ['apps.v1.DeploymentSpec', 'strategy', { kind: 'object', patchStrategies: ['retainKeys'] }],
  ['apps.v1.DeploymentSpec', 'selector', { kind: 'object', mapType: 'atomic' }],
])('%s.%s merges as Kubernetes has it', (type, field, want) => {
  expect(schemaOf(type).fields.get(field)?.schema).toMatchObject(want);
});

test('a rule that is misspelt is an error, not a default', () => {
  expect(() => parseMergeRules('ports:merged(port)')).toThrow('merge rule not understood: ports:merged(port)');
});

test('an unknown type is an error', () => {
  expect(() => schemaOf('core.v1.Nothing')).toThrow('no such type: core.v1.Nothing');
});

test('the table of kept zeros names fields that exist', () => {
  for (const [type, names] of Object.entries(keptZeros)) {
    expect(
      names.split(' ').filter((name) => fields[type]?.[name] === undefined),
      type,
    ).toEqual([]);
  }
});

test('zero values go unless they say something of their own', () => {
  const pod = {
    metadata: { name: '', labels: {}, finalizers: [], ownerReferences: [{ controller: false, name: '' }] },
    spec: {
      hostNetwork: false,
      automountServiceAccountToken: false,
      priority: 0,
      nodeName: '',
      containers: [{ name: 'c', tty: false, args: ['', 'a'], env: [{ name: 'A', value: '' }], resources: {} }],
      volumes: [],
      affinity: null,
    },
    status: {},
  };
  dropZeroValues(pod, 'core.v1.Pod');
  expect(pod).toEqual({
    metadata: { ownerReferences: [{ controller: false, name: '' }] },
    spec: {
      automountServiceAccountToken: false,
      priority: 0,
      containers: [{ name: 'c', args: ['', 'a'], env: [{ name: 'A' }], resources: {} }],
    },
    status: {},
  });
});

test('the table of enums names fields that exist', () => {
  for (const [type, values] of Object.entries(enums)) {
    expect(
      Object.keys(values).filter((name) => fields[type]?.[name] === undefined),
      type,
    ).toEqual([]);
  }
});
