// The Ingress that `create ingress` makes out of its flags. Pure; throws Failure with kubectl's sentences.
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { newObject } from './workloads.ts';

export interface IngressRequest {
  readonly name: string;
  readonly className: string;
  readonly rules: readonly string[];
  readonly annotations: readonly string[];
  readonly defaultBackend: string;
}

const RULE = /^[\w*\-.]*\/[^=]*=[\w-]+:[\w-]+(?:,tls(?:=[\w-]*)?)?$/;

export function ingress(request: IngressRequest): JsonObject {
  if (request.rules.length === 0 && request.defaultBackend === '')
    throw new Failure(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    );
  const wrong = request.rules.find((rule) => !RULE.test(rule));
  if (wrong !== undefined)
    throw new Failure(`rule ${wrong} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
  const annotations = readAnnotations(request.annotations);
  const { defaultBackend } = request;
  if (defaultBackend !== '' && defaultBackend.split(':').length !== 2)
    throw new Failure('default-backend should be in format servicename:serviceport');
  const rules = request.rules.map(readRule);
  const tls = tlsOf(rules);
  return newObject(
    'networking.k8s.io/v1',
    'Ingress',
    { name: request.name, ...(Object.keys(annotations).length > 0 && { annotations }) },
    {
      spec: {
        ...(request.className !== '' && { ingressClassName: request.className }),
        ...(defaultBackend !== '' && { defaultBackend: backend(defaultBackend) }),
        ...(tls.length > 0 && { tls }),
        ...(rules.length > 0 && { rules: byHost(rules) }),
      },
      status: { loadBalancer: {} },
    },
  );
}

interface Rule {
  readonly host: string;
  readonly path: JsonObject;
  /** Undefined: no TLS; empty: without a secret. */
  readonly secret: string | undefined;
}

function readRule(rule: string): Rule {
  const slash = rule.indexOf('/');
  const equals = rule.indexOf('=', slash);
  const [service = '', tls] = rule.slice(equals + 1).split(',');
  const path = rule.slice(slash, equals);
  const prefix = path.endsWith('*');
  return {
    host: rule.slice(0, slash),
    path: {
      path: prefix ? path.slice(0, -1) : path,
      pathType: prefix ? 'Prefix' : 'Exact',
      backend: backend(service),
    },
    secret: tls === undefined ? undefined : tls.replace(/^tls=?/, ''),
  };
}

function backend(text: string): JsonObject {
  const [name = '', port = ''] = text.split(':');
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

/** Each host once, with all its paths, in the order in which hosts came first. */
function byHost(rules: readonly Rule[]): JsonObject[] {
  return [...Map.groupBy(rules, ({ host }) => host)].map(([host, members]) => ({
    ...(host !== '' && { host }),
    http: { paths: members.map(({ path }) => path) },
  }));
}

/** Of each host the first that is said about TLS. */
function tlsOf(rules: readonly Rule[]): JsonObject[] {
  return [...Map.groupBy(rules, ({ host }) => host)].flatMap(([host, members]) => {
    const secret = members.find((rule) => rule.secret !== undefined)?.secret;
    if (secret === undefined) return [];
    return [{ ...(host !== '' && { hosts: [host] }), ...(secret !== '' && { secretName: secret }) }];
  });
}

function readAnnotations(pairs: readonly string[]): JsonObject {
  const wrong = pairs.find((pair) => !pair.includes('='));
  if (wrong !== undefined) throw new Failure(`annotation ${wrong} is invalid and should be in format key=[value]`);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}
