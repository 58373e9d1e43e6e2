// The v2 document as protobuf, the form in which kubectl and client-go take it (message openapi.v2.Document of
// github.com/google/gnostic, openapiv2/OpenAPIv2.proto). Written from the JSON document; only the parts that it uses.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { Definition } from './definitions.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

export const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

type Json = Readonly<Record<string, unknown>>;

export function encodeDocumentV2(document: Definition): Uint8Array {
  const writer = new ProtobufWriter();
  text(writer, 1, document['swagger']);
  writer.message(2, (info) => {
    const given = record(document['info']);
    text(info, 1, given['title']);
    text(info, 2, given['version']);
  });
  writer.message(8, (paths) => {
    for (const [path, item] of entries(document['paths']))
      named(paths, 2, path, (value) => pathItem(value, record(item)));
  });
  writer.message(9, (definitions) => {
    for (const [name, value] of entries(document['definitions']))
      named(definitions, 1, name, (inner) => schema(inner, record(value)));
  });
  for (const requirement of list(document['security'])) {
    writer.message(12, (inner) => {
      for (const [name, scopes] of entries(requirement)) {
        named(inner, 1, name, (value) => {
          for (const scope of list(scopes)) text(value, 1, scope);
        });
      }
    });
  }
  writer.message(13, (definitions) => {
    for (const [name, value] of entries(document['securityDefinitions'])) {
      named(definitions, 1, name, (item) =>
        item.message(2, (key) => {
          const given = record(value);
          text(key, 1, given['type']);
          text(key, 2, given['name']);
          text(key, 3, given['in']);
          text(key, 4, given['description']);
        }),
      );
    }
  });
  return writer.finish();
}

const METHODS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 };

function pathItem(writer: ProtobufWriter, item: Json): void {
  for (const [method, field] of Object.entries(METHODS)) {
    const given = item[method];
    if (isRecord(given)) writer.message(field, (inner) => operation(inner, given));
  }
  for (const parameter of list(item['parameters']))
    writer.message(9, (inner) => parametersItem(inner, record(parameter)));
}

function operation(writer: ProtobufWriter, given: Json): void {
  for (const tag of list(given['tags'])) text(writer, 1, tag);
  text(writer, 3, given['description']);
  text(writer, 5, given['operationId']);
  for (const type of list(given['produces'])) text(writer, 6, type);
  for (const type of list(given['consumes'])) text(writer, 7, type);
  for (const parameter of list(given['parameters']))
    writer.message(8, (inner) => parametersItem(inner, record(parameter)));
  writer.message(9, (responses) => {
    for (const [code, response] of entries(given['responses'])) {
      named(responses, 1, code, (value) =>
        value.message(1, (inner) => {
          const { description, schema: body } = record(response);
          text(inner, 1, description);
          if (isRecord(body)) inner.message(2, (item) => item.message(1, (target) => schema(target, body)));
        }),
      );
    }
  });
  for (const scheme of list(given['schemes'])) text(writer, 10, scheme);
  extensions(writer, 13, given);
}

/** ParametersItem > Parameter > BodyParameter, or NonBodyParameter > query or path parameter. */
function parametersItem(writer: ProtobufWriter, given: Json): void {
  writer.message(1, (parameter) => {
    if (given['in'] === 'body') {
      parameter.message(1, (body) => {
        text(body, 1, given['description']);
        text(body, 2, given['name']);
        text(body, 3, given['in']);
        flag(body, 4, given['required']);
        body.message(5, (inner) => schema(inner, record(given['schema'])));
      });
      return;
    }
    const query = given['in'] === 'query';
    parameter.message(2, (other) =>
      other.message(query ? 3 : 4, (inner) => {
        flag(inner, 1, given['required']);
        text(inner, 2, given['in']);
        text(inner, 3, given['description']);
        text(inner, 4, given['name']);
        text(inner, query ? 6 : 5, given['type']);
        flag(inner, query ? 20 : 19, given['uniqueItems']);
      }),
    );
  });
}

function schema(writer: ProtobufWriter, given: Json): void {
  text(writer, 1, given['$ref']);
  text(writer, 2, given['format']);
  text(writer, 4, given['description']);
  if (given['default'] !== undefined) writer.message(5, (inner) => any(inner, given['default']));
  for (const name of list(given['required'])) text(writer, 19, name);
  const more = given['additionalProperties'];
  if (isRecord(more)) writer.message(21, (item) => item.message(1, (inner) => schema(inner, more)));
  if (typeof given['type'] === 'string') writer.message(22, (inner) => text(inner, 1, given['type']));
  const { items } = given;
  if (isRecord(items)) writer.message(23, (inner) => inner.message(1, (item) => schema(item, items)));
  if (isRecord(given['properties'])) {
    writer.message(25, (properties) => {
      for (const [name, value] of entries(given['properties']))
        named(properties, 1, name, (inner) => schema(inner, record(value)));
    });
  }
  extensions(writer, 31, given);
}

function extensions(writer: ProtobufWriter, field: number, given: Json): void {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith('x-')) named(writer, field, name, (inner) => any(inner, value));
  }
}

/** Any values travel as YAML, of which JSON is a part. */
function any(writer: ProtobufWriter, value: unknown): void {
  writer.text(2, `${JSON.stringify(value)}\n`);
}

/** NamedX: the ordered form of a map's entry. */
function named(writer: ProtobufWriter, field: number, name: string, write: (value: ProtobufWriter) => void): void {
  writer.message(field, (entry) => {
    entry.text(1, name);
    entry.message(2, write);
  });
}

function text(writer: ProtobufWriter, field: number, value: unknown): void {
  if (typeof value === 'string' && value !== '') writer.text(field, value);
}

function flag(writer: ProtobufWriter, field: number, value: unknown): void {
  if (value === true) writer.flag(field);
}

function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(record(value));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
