// The query and path parameters of Kubernetes' operations. Clients read them to find out what a server can do: kubectl looks
// for fieldValidation and dryRun at PATCH before it relies on them.
import type { Definition, Dialect } from './definitions.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});

const PRETTY = query('pretty', 'string', "If 'true', then the output is pretty printed.");
const DRY_RUN = query(
  'dryRun',
  'string',
  'When present, indicates that modifications should not be persisted. Valid value: All.',
);
const FIELD_MANAGER = query(
  'fieldManager',
  'string',
  'A name for the actor or entity that is making these changes, at most 128 printable characters. Required for apply patches.',
);
const FIELD_VALIDATION = query(
  'fieldValidation',
  'string',
  'What to do with unknown and duplicate fields: Ignore drops them, Warn (the default) drops them and warns, Strict refuses the request.',
);
const FORCE = query('force', 'boolean', 'Apply patches only: take fields over from their present managers.');
const RESOURCE_VERSION = query('resourceVersion', 'string', 'Which resource versions a request may be served from.');
const RESOURCE_VERSION_MATCH = query(
  'resourceVersionMatch',
  'string',
  'How resourceVersion is applied to list calls: Exact or NotOlderThan.',
);
const LABEL_SELECTOR = query(
  'labelSelector',
  'string',
  'Restricts the list of returned objects by their labels. Defaults to everything.',
);
const FIELD_SELECTOR = query(
  'fieldSelector',
  'string',
  'Restricts the list of returned objects by their fields. Defaults to everything.',
);
const LIMIT = query('limit', 'integer', 'The largest number of objects to return; the answer says where to continue.');
const CONTINUE = query('continue', 'string', 'The token of an earlier page, to get the next one.');
const TIMEOUT = query('timeoutSeconds', 'integer', 'Limits the duration of the call, whether or not anything happens.');
const WATCH = query(
  'watch',
  'boolean',
  'Watch for changes and return them as a stream of add, update and remove notifications.',
);
const BOOKMARKS = query('allowWatchBookmarks', 'boolean', 'Asks for watch events of type BOOKMARK.');
const INITIAL_EVENTS = query(
  'sendInitialEvents',
  'boolean',
  'With watch: send the present objects first, then a bookmark, then the changes.',
);
const GRACE = query('gracePeriodSeconds', 'integer', 'Seconds before the object is deleted; zero means at once.');
const ORPHAN = query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.');
const PROPAGATION = query(
  'propagationPolicy',
  'string',
  'How dependents are handled: Orphan, Background or Foreground.',
);
const UNSAFE = query(
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'boolean',
  'Delete an object that can no longer be read. Dangerous.',
);

const LIST = [
  BOOKMARKS,
  CONTINUE,
  FIELD_SELECTOR,
  LABEL_SELECTOR,
  LIMIT,
  RESOURCE_VERSION,
  RESOURCE_VERSION_MATCH,
  INITIAL_EVENTS,
  TIMEOUT,
  WATCH,
];
const DELETE = [DRY_RUN, GRACE, UNSAFE, ORPHAN, PROPAGATION];

/** Query parameters by the kind of operation. */
const QUERY_PARAMETERS = {
  get: [],
  connect: [],
  list: LIST,
  post: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
  put: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
  patch: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION, FORCE],
  delete: DELETE,
  deletecollection: [
    CONTINUE,
    DRY_RUN,
    FIELD_SELECTOR,
    GRACE,
    UNSAFE,
    LABEL_SELECTOR,
    LIMIT,
    ORPHAN,
    PROPAGATION,
    RESOURCE_VERSION,
    RESOURCE_VERSION_MATCH,
    INITIAL_EVENTS,
    TIMEOUT,
  ],
} as const satisfies Readonly<Record<string, readonly Parameter[]>>;

export type Action = keyof typeof QUERY_PARAMETERS;

export function queryParameters(action: Action, dialect: Dialect): Definition[] {
  return QUERY_PARAMETERS[action].map((parameter) => render(parameter, dialect));
}

/** What all operations of a path share: its placeholders and `pretty`. */
export function pathParameters(path: string, kind: string, dialect: Dialect): Definition[] {
  const found: Parameter[] = [];
  if (path.includes('{name}'))
    found.push({ name: 'name', in: 'path', type: 'string', description: `name of the ${kind}` });
  if (path.includes('{namespace}')) {
    found.push({
      name: 'namespace',
      in: 'path',
      type: 'string',
      description: 'object name and auth scope, such as for teams and projects',
    });
  }
  return [...found, PRETTY].map((parameter) => render(parameter, dialect));
}

function render({ name, in: place, type, description }: Parameter, dialect: Dialect): Definition {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' && { required: true }),
    ...(dialect === 'v2' ? { type, uniqueItems: true } : { schema: { type, uniqueItems: true } }),
  };
}
