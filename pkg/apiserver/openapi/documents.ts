// The OpenAPI documents of the served kinds: one v2 document, and one v3 document for each group and version.
import type { KindDefinition } from '../../api/schema/kind.ts';
import { DELETE_OPTIONS_TYPE, listTypeOf, STATUS_TYPE } from './definition-names.ts';
import { definitionsOf, type Definition } from './definitions.ts';
import type { Descriptions } from './descriptions.ts';
import { pathsOf } from './operations.ts';

/** The Kubernetes release whose API this is. */
export const SERVED_RELEASE = 'v1.35.0';

const INFO = { title: 'Kubernetes', version: SERVED_RELEASE };
const BEARER = { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' };

export function documentV2(kinds: readonly KindDefinition[], descriptions: Descriptions): Definition {
  return {
    swagger: '2.0',
    info: INFO,
    paths: Object.assign({}, ...kinds.map((kind) => pathsOf(kind, 'v2'))),
    definitions: definitionsOf(typesOf(kinds), 'v2', descriptions),
    securityDefinitions: { BearerToken: BEARER },
    security: [{ BearerToken: [] }],
  };
}

/** `kinds` are those of one group and version. */
export function documentV3(kinds: readonly KindDefinition[], descriptions: Descriptions): Definition {
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: Object.assign({}, ...kinds.map((kind) => pathsOf(kind, 'v3'))),
    components: {
      schemas: definitionsOf(typesOf(kinds), 'v3', descriptions),
      securitySchemes: { BearerToken: BEARER },
    },
    security: [{ BearerToken: [] }],
  };
}

/** Types of bodies: the kinds, their lists, what subresources carry, and what every API answers. */
function typesOf(kinds: readonly KindDefinition[]): string[] {
  const subresources = kinds.flatMap((kind) =>
    kind.subresources
      .filter(({ verbs, name }) => !verbs.includes('post') && name !== 'log')
      .filter(({ kind: target }) => target.kind !== kind.type.kind || target.group !== kind.type.group)
      .map(({ kind: target }) => {
        const group = target.group === '' ? 'core' : (target.group.split('.')[0] ?? '');
        return `${group}.${target.version}.${target.kind}`;
      }),
  );
  const own = kinds.flatMap((kind) => (kind.verbs.includes('list') ? [kind.schema, listTypeOf(kind)] : [kind.schema]));
  return [...new Set([...own, ...subresources, DELETE_OPTIONS_TYPE, STATUS_TYPE])];
}
