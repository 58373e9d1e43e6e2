import { expect, test } from 'vitest';
import { codeAfterSignal } from './interrupts.ts';

test.each([
  { line: 'get pods -w', signal: 'SIGINT', code: 1 },
  { line: 'wait pod/a --for=delete', signal: 'SIGTERM', code: 1 },
  { line: 'rollout status deploy/a', signal: 'SIGHUP', code: 1 },
  { line: 'port-forward pod/a 80', signal: 'SIGINT', code: 0 },
  { line: 'port-forward pod/a 80', signal: 'SIGTERM', code: undefined },
  { line: '--namespace=x port-forward pod/a 80', signal: 'SIGINT', code: 0 },
  { line: '-n get --context wait logs -f a', signal: 'SIGINT', code: undefined },
  { line: 'logs -f a', signal: 'SIGINT', code: undefined },
  { line: 'apply -f -', signal: 'SIGINT', code: undefined },
  { line: 'get --raw /api/v1/pods?watch=1', signal: 'SIGINT', code: undefined },
] as const)('$line that gets $signal ends with $code', ({ line, signal, code }) => {
  expect(codeAfterSignal(line.split(' '), signal)).toBe(code);
});
