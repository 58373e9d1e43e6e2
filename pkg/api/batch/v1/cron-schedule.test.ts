import { expect, test } from 'vitest';
import { cronScheduleFault } from './cron-schedule.ts';

test.each([
  '* * * * *',
  '*/5 * * * *',
  '0,30 8-18/2 1 JAN-MAR MON-FRI',
  '0 0 ? * sun',
  '@daily',
  '@every 1h30m',
  'TZ=Europe/Berlin 0 0 * * *',
])('%s is a schedule', (schedule) => {
  expect(cronScheduleFault(schedule)).toBeUndefined();
});

test.each([
  ['never', 'expected exactly 5 fields, found 1: [never]'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['a * * * *', 'failed to parse int from a'],
  ['@sometimes', 'unrecognized descriptor: @sometimes'],
  ['@every soon', 'unrecognized descriptor: @every soon'],
])('%s is none: %s', (schedule, fault) => {
  expect(cronScheduleFault(schedule)).toBe(fault);
});
