import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindFor } from '../../api/kinds.ts';
import { isApiError } from '../../api/meta/status.ts';
import { schemaOf } from '../../api/schema/object-schema.ts';
import type { KindDefinition } from '../../api/schema/kind.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { applyServerSide } from './apply.ts';
import { trackManagedFields } from './managed-fields.ts';

function kindOf(group: string, resource: string): KindDefinition {
  const kind = kindFor({ group, version: 'v1', resource });
  if (kind === undefined) throw new Error(`no kind ${resource}`);
  return kind;
}

/** An object under writes by several managers. */
class Play {
  live: KubeObject | undefined;
  readonly #kind: KindDefinition;
  #second = 0;

  constructor(kind: KindDefinition) {
    this.#kind = kind;
  }

  get apiVersion(): string {
    const { group, version } = this.#kind.type;
    return group === '' ? version : `${group}/${version}`;
  }

  apply(
    manager: string,
    body: Record<string, unknown>,
    options: { force?: boolean; subresource?: string } = {},
  ): boolean {
    const before = structuredClone(this.live);
    const { metadata, ...rest } = body;
    const applied = {
      apiVersion: this.apiVersion,
      kind: this.#kind.type.kind,
      metadata: { name: 'a', ...(metadata as object | undefined) },
      ...rest,
    };
    const { object, changed } = applyServerSide({
      kind: this.#kind,
      live: this.live,
      applied,
      manager,
      force: options.force ?? false,
      subresource: options.subresource ?? '',
      now: Date.UTC(2026, 0, 1, 0, 0, this.#second++),
    });
    expect(this.live).toEqual(before);
    this.live = object;
    return changed;
  }

  update(manager: string, change: (object: Record<string, unknown>) => void): void {
    const next = structuredClone(
      this.live ?? { kind: this.#kind.type.kind, apiVersion: this.apiVersion, metadata: { name: 'a' } },
    );
    change(next as unknown as Record<string, unknown>);
    trackManagedFields({
      schema: schemaOf(this.#kind.schema),
      apiVersion: this.apiVersion,
      live: this.live,
      next: next as KubeObject,
      manager,
      operation: 'Update',
      subresource: '',
      now: Date.UTC(2026, 0, 1, 0, 0, this.#second++),
    });
    this.live = next as KubeObject;
  }

  at(path: string): unknown {
    return path
      .split('.')
      .reduce<unknown>((value, key) => (value === undefined ? undefined : Reflect.get(Object(value), key)), this.live);
  }

  owners(): unknown {
    return this.live?.metadata.managedFields?.map(({ manager, operation, fieldsV1 }) => [
      `${manager} ${operation}`,
      fieldsV1,
    ]);
  }
}

const configMap = (): Play => new Play(kindOf('', 'configmaps'));
const deployment = (): Play => new Play(kindOf('apps', 'deployments'));

function failure(run: () => unknown): { code: number; message: string; causes: unknown } {
  try {
    run();
  } catch (error) {
    if (isApiError(error)) return { code: error.code, message: error.message, causes: error.status.details?.causes };
    throw error;
  }
  throw new Error('it did not fail');
}

describe('ownership', () => {
  test('an apply owns what it says, without the maps around it', () => {
    const play = configMap();
    expect(play.apply('m1', { data: { k: '1' } })).toBe(true);
    expect(play.owners()).toEqual([['m1 Apply', { 'f:data': { 'f:k': {} } }]]);
  });

  test('the same value is owned by both; what one leaves out stays until the other leaves it out too', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1' } });
    play.apply('m2', { data: { k: '1' } });
    play.apply('m1', {});
    expect(play.at('data.k')).toBe('1');
    play.apply('m2', {});
    expect(play.at('data')).toBeUndefined();
  });

  test('what is left out goes, unless somebody else changed it since', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1', l: '1', m: '1' } });
    play.update('m2', (object) => Object.assign(object['data'] as object, { l: '2' }));
    play.apply('m1', { data: { k: '1' } });
    expect(play.at('data')).toEqual({ k: '1', l: '2' });
  });

  test('the same again changes nothing, not even times', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1' } });
    const before = play.live;
    expect(play.apply('m1', { data: { k: '1' } })).toBe(false);
    expect(play.live).toEqual(before);
    expect(play.apply('m2', { data: { k: '1' } })).toBe(true);
  });
});

describe('conflicts', () => {
  test('another value than an applier has', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1' } });
    expect(failure(() => play.apply('m2', { data: { k: '2' } }))).toEqual({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "m1": .data.k',
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.data.k' }],
    });
  });

  test('several, by manager; updaters are named with their version', () => {
    const play = configMap();
    play.update('u', (object) => Object.assign(object, { data: { a: '1', b: '1' } }));
    play.apply('m1', { data: { c: '1' } });
    expect(failure(() => play.apply('m2', { data: { a: '2', b: '2', c: '2' } })).message).toBe(
      'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.c\nconflicts with "u" using v1:\n- .data.a\n- .data.b',
    );
  });

  test('force takes the field from the others', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1', l: '1' } });
    play.apply('m2', { data: { k: '2' } }, { force: true });
    expect(play.at('data')).toEqual({ k: '2', l: '1' });
    expect(play.owners()).toEqual([
      ['m1 Apply', { 'f:data': { 'f:l': {} } }],
      ['m2 Apply', { 'f:data': { 'f:k': {} } }],
    ]);
  });

  test('items of a list by key conflict in their fields, atomic lists as a whole', () => {
    const play = deployment();
    const pod = (container: object): Record<string, unknown> => ({
      spec: { template: { spec: { containers: [container] } } },
    });
    play.apply('m1', pod({ name: 'c', image: 'x', args: ['a'], ports: [{ containerPort: 80, name: 'http' }] }));
    const fields = (container: object): unknown =>
      failure(() => play.apply('m2', pod({ name: 'c', ...container }))).causes;
    const inContainer = '.spec.template.spec.containers[name="c"]';
    expect(fields({ image: 'y' })).toMatchObject([{ field: `${inContainer}.image` }]);
    expect(fields({ args: ['b'] })).toMatchObject([{ field: `${inContainer}.args` }]);
    expect(fields({ ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] })).toMatchObject([
      { field: `${inContainer}.ports[containerPort=80,protocol="TCP"].name` },
    ]);
  });

  test('what stood there before the managedFields were cleared has an owner of its own', () => {
    const play = configMap();
    play.apply('m1', { data: { k: '1' } });
    play.update('m2', (object) => Object.assign(object['metadata'] as object, { managedFields: [{}] }));
    expect(failure(() => play.apply('m3', { data: { k: '2' } })).message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.k',
    );
  });
});

describe('lists', () => {
  const containers = (...names: string[]): Record<string, unknown> => ({
    spec: { template: { spec: { containers: names.map((name) => ({ name, image: name })) } } },
  });
  const names = (play: Play): unknown =>
    (play.at('spec.template.spec.containers') as { name: string }[]).map(({ name }) => name);

  test('items of others stay where they are, own items left out go', () => {
    const play = deployment();
    play.apply('m1', containers('a', 'b'));
    play.apply('m2', containers('c'));
    expect(names(play)).toEqual(['a', 'b', 'c']);
    play.apply('m1', containers('b'));
    expect(names(play)).toEqual(['b', 'c']);
  });

  test('the applied order wins among the items it names', () => {
    const play = deployment();
    play.apply('m1', containers('a', 'b', 'c'));
    play.apply('m1', containers('c', 'a', 'b'));
    expect(names(play)).toEqual(['c', 'a', 'b']);
  });

  test('finalizers are a set with an owner for each', () => {
    const play = configMap();
    play.apply('m1', { metadata: { finalizers: ['x/a'] } });
    play.apply('m2', { metadata: { finalizers: ['x/b'] } });
    expect(play.at('metadata.finalizers')).toEqual(['x/a', 'x/b']);
    play.apply('m1', {});
    expect(play.at('metadata.finalizers')).toEqual(['x/b']);
  });
});

describe('subresources', () => {
  test('the status is not owned where the object is applied, nor the rest where the status is', () => {
    const play = deployment();
    play.apply('m1', { spec: { replicas: 3 }, status: { replicas: 1 } });
    expect(play.owners()).toEqual([['m1 Apply', { 'f:spec': { 'f:replicas': {} } }]]);
    play.apply('m1', { spec: { replicas: 9 }, status: { replicas: 1 } }, { subresource: 'status' });
    expect(play.live?.metadata.managedFields?.map(({ subresource, fieldsV1 }) => [subresource, fieldsV1])).toEqual([
      [undefined, { 'f:spec': { 'f:replicas': {} } }],
      ['status', { 'f:status': { 'f:replicas': {} } }],
    ]);
  });
});

describe('kubectl', () => {
  const lastApplied = (data: object): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data });
  const created = (data: object): Play => {
    const play = configMap();
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied(data) };
    play.update('kubectl-client-side-apply', (object) =>
      Object.assign(object, { data, metadata: { name: 'a', annotations } }),
    );
    return play;
  };

  test('takes over what its client-side apply set, and keeps the annotation up to date', () => {
    const play = created({ k: '1', l: '1' });
    play.apply('kubectl', { data: { k: '1', l: '2' } });
    expect(play.at('data')).toEqual({ k: '1', l: '2' });
    expect(play.live?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toBe(
      '{"apiVersion":"v1","data":{"k":"1","l":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });

  test('still conflicts where somebody changed the value since, and other managers always do', () => {
    const play = created({ k: '1' });
    expect(failure(() => play.apply('m1', { data: { k: '2' } })).code).toBe(409);
    play.update('u', (object) => Object.assign(object, { data: { k: 'u' } }));
    expect(failure(() => play.apply('kubectl', { data: { k: '2' } })).message).toContain(
      'conflict with "u" using v1: .data.k',
    );
  });
});

describe('what is refused', () => {
  test.each([
    {
      what: 'an undeclared field',
      body: { foo: 1 },
      code: 500,
      message: 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    },
    {
      what: 'a number for a text',
      body: { data: { k: 1 } },
      code: 500,
      message:
        'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.k: expected string, got &value.valueUnstructured{Value:1}',
    },
    {
      what: 'several faults',
      body: { data: [], immutable: 'x' },
      code: 500,
      message:
        'failed to create typed patch object (/a; /v1, Kind=ConfigMap): errors:\n  .data: expected map, got &{[]}\n  .immutable: expected boolean, got &{x}',
    },
    {
      what: 'managedFields',
      body: { metadata: { managedFields: [] } },
      code: 400,
      message: 'metadata.managedFields must be nil',
    },
  ])('$what', ({ body, code, message }) => {
    expect(failure(() => configMap().apply('m1', body))).toMatchObject({ code, message });
  });

  test('another kind, an item without its key, and a key that stands twice', () => {
    expect(failure(() => configMap().apply('m1', { kind: 'Secret' })).message).toBe(
      'invalid object type: /v1, Kind=Secret',
    );
    const pod = (containers: unknown): Record<string, unknown> => ({ spec: { template: { spec: { containers } } } });
    expect(failure(() => deployment().apply('m1', pod([{ image: 'x' }]))).message).toContain(
      '.spec.template.spec.containers: element 0: associative list with keys has an element that omits key field "name"',
    );
    expect(failure(() => deployment().apply('m1', pod([{ name: 'a' }, { name: 'a' }]))).message).toContain(
      '.spec.template.spec.containers: duplicate entries for key [name="a"]',
    );
  });
});

describe('for any configurations', () => {
  const text = fc.constantFrom('1', '2');
  const key = fc.constantFrom('a', 'b', 'c');
  const body = fc.record(
    {
      // Empty maps vanish from the live object, so two appliers of one conflict forever; as in Kubernetes.
      data: fc.dictionary(key, text, { minKeys: 1 }),
      metadata: fc.record(
        {
          labels: fc.dictionary(key, text, { minKeys: 1 }),
          finalizers: fc.uniqueArray(fc.constantFrom('x/a', 'x/b'), { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );

  test('applying again is a fixed point, and the last apply by force holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('m1', 'm2', 'm3'), body), { minLength: 1, maxLength: 6 }),
        (steps) => {
          const play = configMap();
          for (const [manager, configuration] of steps) play.apply(manager, configuration, { force: true });
          const [manager, configuration] = steps.at(-1) ?? ['m1', {}];
          const before = structuredClone(play.live);
          expect(play.apply(manager, configuration)).toBe(false);
          expect(play.live).toEqual(before);
          for (const [name, value] of Object.entries(configuration.data ?? {}))
            expect(play.at('data')).toHaveProperty(name, value);
        },
      ),
    );
  });

  test('one manager alone: the object is what it applied last', () => {
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), (bodies) => {
        const play = configMap();
        for (const configuration of bodies) play.apply('m1', configuration);
        const last = bodies.at(-1);
        expect(play.at('data')).toEqual(last?.data);
      }),
    );
  });
});
