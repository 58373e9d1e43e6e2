import { describe, expect, test } from 'vitest';
import { kinds } from '../../api/kinds.ts';
import { unstoredKinds } from '../../api/unstored-kinds.ts';
import { answerOpenApi } from './openapi.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { encodeDocumentV2 } from './protobuf-v2.ts';

const NO_QUERY = new URLSearchParams();

function json(path: string): Record<string, unknown> {
  const answer = answerOpenApi(path, NO_QUERY, 'application/json', kinds);
  if (answer === undefined) throw new Error(`nothing at ${path}`);
  return JSON.parse(Buffer.from(answer.bytes).toString()) as Record<string, unknown>;
}

describe('OpenAPI v2', () => {
  const document = json('/openapi/v2');

  test('definitions carry what clients merge by', () => {
    expect(document).toHaveProperty(
      ['definitions', 'io.k8s.api.core.v1.PodSpec', 'properties', 'containers'],
      expect.objectContaining({
        type: 'array',
        items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
      }),
    );
    expect(document).toHaveProperty(
      ['definitions', 'io.k8s.api.apps.v1.Deployment', 'x-kubernetes-group-version-kind'],
      [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    );
  });

  test('every reference leads somewhere, and operation ids are unique', () => {
    const text = JSON.stringify(document);
    const definitions = document['definitions'] as object;
    for (const [, name = ''] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) expect(definitions).toHaveProperty([name]);
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toContain('createCoreV1NamespacedPod');
    expect(ids).toContain('listAppsV1DeploymentForAllNamespaces');
    expect(ids).toContain('replaceAppsV1NamespacedDeploymentScale');
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('client-go gets it as protobuf', () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const answer = answerOpenApi('/openapi/v2', NO_QUERY, accept, kinds);
    expect(answer?.contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    expect(Buffer.from(answer?.bytes ?? []).subarray(0, 5)).toEqual(Buffer.from([0x0a, 3, ...Buffer.from('2.0')]));
  });
});

describe('OpenAPI v3', () => {
  test('the index names a document for each group and version, with its hash', () => {
    const { paths } = json('/openapi/v3');
    expect(paths).toHaveProperty(
      ['apis/apps/v1', 'serverRelativeURL'],
      expect.stringMatching(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/),
    );
    expect(paths).toHaveProperty(['api/v1']);
  });

  test('PATCH takes fieldValidation, dryRun and force for its kind, which is how kubectl learns of them', () => {
    const patch = ['paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', 'patch'];
    const document = json('/openapi/v3/apis/apps/v1');
    expect(document).toHaveProperty([...patch, 'x-kubernetes-group-version-kind'], {
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
    });
    expect(document).toHaveProperty(
      [...patch, 'parameters'],
      expect.arrayContaining(
        ['dryRun', 'fieldValidation', 'force'].map((name): unknown => expect.objectContaining({ name, in: 'query' })),
      ),
    );
  });

  test('every reference leads somewhere, and stands alone', () => {
    const document = json('/openapi/v3/api/v1');
    const text = JSON.stringify(document);
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document).toHaveProperty(['components', 'schemas', name]);
    }
    for (const [, reference = ''] of text.matchAll(/\{([^{}]*"\$ref":[^{}]*)\}/g))
      expect(reference).toMatch(/^"\$ref":"[^"]+"$/);
  });
});

test('equal documents have equal tags; other paths and other media types are not answered', () => {
  const tag = (): string | undefined => answerOpenApi('/openapi/v2', NO_QUERY, '', kinds)?.etag;
  expect(tag()).toMatch(/^"[0-9A-F]{128}"$/);
  expect(tag()).toBe(tag());
  expect(answerOpenApi('/openapi/v3/apis/none/v1', NO_QUERY, '', kinds)).toBeUndefined();
  expect(answerOpenApi('/openapi', NO_QUERY, '', kinds)).toBeUndefined();
  expect(() => answerOpenApi('/openapi/v2', NO_QUERY, 'text/html', kinds)).toThrow();
});

describe('protobuf', () => {
  test('lengths beyond 127 take two bytes, lowest bits first', () => {
    const writer = new ProtobufWriter();
    writer.text(1, 'x'.repeat(300));
    expect([...writer.finish().subarray(0, 3)]).toEqual([0x0a, 0xac, 0x02]);
  });

  test('fields numbered above 15 take a tag of two bytes', () => {
    const writer = new ProtobufWriter();
    writer.message(31, (inner) => inner.flag(1));
    expect([...writer.finish()]).toEqual([0xfa, 0x01, 2, 0x08, 1]);
  });

  test('extensions travel as YAML', () => {
    const bytes = encodeDocumentV2({ definitions: { A: { type: 'object', 'x-a': ['b'] } } });
    expect(Buffer.from(bytes).toString('latin1')).toContain('x-a');
    expect(Buffer.from(bytes).toString('latin1')).toContain('["b"]\n');
  });
});

test('a kind that is only created has one operation and no list', () => {
  const found = answerOpenApi('/openapi/v3/apis/authentication.k8s.io/v1', NO_QUERY, '', unstoredKinds);
  // The document is JSON.
  const { paths } = JSON.parse(Buffer.from(found?.bytes ?? []).toString()) as { paths: Record<string, object> };
  expect(Object.keys(paths)).toEqual([
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    '/apis/authentication.k8s.io/v1/tokenreviews',
  ]);
  expect(Object.keys(paths['/apis/authentication.k8s.io/v1/tokenreviews'] ?? {})).toEqual(['post', 'parameters']);
});
