import { expect, test } from 'vitest';
import { ApiError } from './status.ts';

test.each([['NotFound'], [undefined]])('an error made of a Status with the reason %s has no other', (reason) => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'm',
    code: 500,
  } as const;
  const error = ApiError.from(reason === undefined ? status : { ...status, reason });
  expect(error.reason).toBe(reason ?? '');
  expect(Object.hasOwn(error.status, 'reason')).toBe(reason !== undefined);
});
