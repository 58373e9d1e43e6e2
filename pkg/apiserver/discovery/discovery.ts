// Answers the discovery paths: /api and /apis with their groups and versions (legacy, or aggregated when the client asks for
// APIGroupDiscoveryList), /api/v1, /apis/GROUP and /apis/GROUP/VERSION with their resources. Built once per set of kinds.
import type { KindDefinition } from '../../api/schema/kind.ts';
import { notAcceptable } from '../http-errors.ts';
import { parseAccept, SERVED_TYPES } from '../http/accept.ts';
import { aggregatedDiscovery, type AggregatedVersion } from './aggregated.ts';
import { groupsOf, type ApiGroup } from './groups.ts';
import { resourceList } from './resource-list.ts';

export interface DiscoveryAnswer {
  readonly body: object;
  readonly contentType: string;
}

/** The address that clients of any network are told to use; empty when the server does not know its own. */
export interface DiscoveryOptions {
  readonly serverAddress?: string;
}

const PLAIN = 'application/json';
const answers = new WeakMap<readonly KindDefinition[], Map<string, DiscoveryAnswer>>();

/** Undefined: not a discovery path, or nothing is served there (the caller answers 404). Throws 406. */
export function answerDiscovery(
  path: string,
  accept: string,
  kinds: readonly KindDefinition[],
  options: DiscoveryOptions = {},
): DiscoveryAnswer | undefined {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (!/^\/apis?(\/|$)/.test(trimmed)) return undefined;
  const aggregated =
    trimmed === '/api' || trimmed === '/apis' ? acceptedVersion(accept) : acceptedVersion(accept) && 'plain';
  if (aggregated === undefined) throw notAcceptable(SERVED_TYPES);
  const known = answers.get(kinds) ?? new Map<string, DiscoveryAnswer>();
  answers.set(kinds, known);
  const key = `${aggregated} ${options.serverAddress ?? ''} ${trimmed}`;
  const remembered = known.get(key);
  if (remembered !== undefined) return remembered;
  const answer = build(trimmed, aggregated, kinds, options);
  // Only paths that exist are kept, so there are no more of them than groups and versions.
  if (answer !== undefined) known.set(key, answer);
  return answer;
}

/** The best representation that the client takes; undefined when there is none. */
function acceptedVersion(accept: string): AggregatedVersion | 'plain' | undefined {
  if (accept === '') return 'plain';
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (type !== '*' && type !== 'application') continue;
    if (subtype !== '*' && subtype !== 'json') continue;
    const as = parameters.get('as');
    if (as === undefined) return 'plain';
    const version = parameters.get('v');
    const asked = as === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
    if (asked && (version === 'v2' || version === 'v2beta1')) return version;
  }
  return undefined;
}

function build(
  path: string,
  aggregated: AggregatedVersion | 'plain',
  kinds: readonly KindDefinition[],
  { serverAddress = '' }: DiscoveryOptions,
): DiscoveryAnswer | undefined {
  const groups = groupsOf(kinds);
  const addresses = serverAddress === '' ? [] : [{ clientCIDR: '0.0.0.0/0', serverAddress }];
  const [, root, ...rest] = path.split('/');
  if (rest.length === 0) {
    const shown = groups.filter(({ name }) => (name === '') === (root === 'api'));
    if (aggregated !== 'plain') {
      return {
        body: aggregatedDiscovery(shown, aggregated),
        contentType: `${PLAIN};g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`,
      };
    }
    return plain(
      root === 'api'
        ? {
            kind: 'APIVersions',
            versions: shown.flatMap(({ versions }) => versions.map(({ version }) => version)),
            serverAddressByClientCIDRs: addresses,
          }
        : { kind: 'APIGroupList', apiVersion: 'v1', groups: shown.map(describe) },
    );
  }
  const [name, version] = root === 'api' ? ['', rest[0]] : rest;
  if (rest.length > (root === 'api' ? 1 : 2) || (root === 'apis' && name === '')) return undefined;
  const group = groups.find((candidate) => candidate.name === name);
  if (group === undefined) return undefined;
  if (version === undefined) return plain({ kind: 'APIGroup', apiVersion: 'v1', ...describe(group) });
  const found = group.versions.find((candidate) => candidate.version === version);
  return found === undefined ? undefined : plain(resourceList(found));
}

function plain(body: object): DiscoveryAnswer {
  return { body, contentType: PLAIN };
}

function describe({ name, versions }: ApiGroup): object {
  const described = versions.map(({ groupVersion, version }) => ({ groupVersion, version }));
  return { name, versions: described, preferredVersion: described[0] };
}
