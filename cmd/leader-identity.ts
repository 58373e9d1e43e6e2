// By what name a program stands for election. Whoever runs it may give it one that it keeps when it is started again: it then goes on
// with the lease that it held before, where a stranger would have to wait until that runs out. Only for who starts one at a time.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { IDENTITY_VARIABLE } from '../pkg/client/leader-election.ts';

export function leaderIdentity(): string {
  return process.env[IDENTITY_VARIABLE] ?? `${hostname()}_${randomUUID()}`;
}
