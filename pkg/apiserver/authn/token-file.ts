// `--token-auth-file`: lines of `token,user,uid,"group1,group2"`.
import type { UserInfo } from '../request.ts';
import type { TokenAuthenticator } from './authenticator.ts';

/** Throws for a line that is no token. `source` names the file in the message. */
export function tokenFile(text: string, source: string): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [token = '', name = '', uid = '', groups = ''] = csvColumns(line);
    if (token === '' || name === '') {
      throw new Error(`${source}: line ${index + 1} needs at least a token, a user name and a uid`);
    }
    const user = {
      name,
      uid,
      groups: groups
        .split(',')
        .map((group) => group.trim())
        .filter((group) => group !== ''),
    };
    // The first line of a token counts, as in Kubernetes' file.
    if (!users.has(token)) users.set(token, user);
  }
  return { authenticate: (token) => users.get(token) };
}

/** RFC 4180: a column in quotes may hold commas, and quotes written twice. */
export function csvColumns(line: string): string[] {
  const columns: string[] = [];
  const column = /\s*(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  for (;;) {
    const match = column.exec(line);
    if (match === null) return columns;
    columns.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replaceAll('""', '"'));
    if (match[3] === '') return columns;
  }
}
