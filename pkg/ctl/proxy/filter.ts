// Which requests `proxy` passes on: lists of regular expressions for paths, hosts and methods, as kubectl's. Pure.
import { Failure } from '../cli/failure.ts';

export interface FilterFlags {
  readonly 'accept-paths': string;
  readonly 'reject-paths': string;
  readonly 'accept-hosts': string;
  readonly 'reject-methods': string;
}

export interface Asked {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** Of the Host header. */
  readonly host: string;
}

export type Filter = (asked: Asked) => boolean;

/** Throws Failure for what is no regular expression. */
export function filterOf(flags: FilterFlags): Filter {
  const acceptPaths = expressions(flags['accept-paths']);
  const rejectPaths = expressions(flags['reject-paths']);
  const acceptHosts = expressions(flags['accept-hosts']);
  const rejectMethods = expressions(flags['reject-methods']);
  const matches = (text: string, list: readonly RegExp[]) => list.some((expression) => expression.test(text));
  return ({ method, path, host }) =>
    !matches(path, rejectPaths) &&
    !matches(method, rejectMethods) &&
    matches(path, acceptPaths) &&
    matches(hostName(host), acceptHosts);
}

function expressions(list: string): RegExp[] {
  if (list === '') return [];
  return list.split(',').map((source) => {
    try {
      return new RegExp(source);
    } catch (cause) {
      throw new Failure(`Error compiling re: error parsing regexp: ${source}`, { cause });
    }
  });
}

/** Without the port, and an IPv6 address then without its brackets, as Go splits them. */
function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\]:[^:]*$/.exec(header);
  if (bracketed !== null) return bracketed[1] ?? '';
  const plain = /^([^:[\]]*):[^:]*$/.exec(header);
  return plain === null ? header : (plain[1] ?? '');
}

/**
 * The path below the prefix, with a slash in front; undefined when it is not below it. Prefixes that begin with `/api` stay
 * in the path: they are the server's own.
 */
export function pathBelow(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  if (prefix.startsWith('/api')) return path;
  const rest = path.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
