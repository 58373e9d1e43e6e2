import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrames, encodeFrame, missingWrites, sealFrame } from './log-frames.ts';

interface Step {
  readonly revision: number;
  readonly before: number;
  readonly value?: string;
}

function file(...steps: readonly Step[]): Buffer {
  return Buffer.concat(
    steps.map(({ revision, before, value }) => {
      const { frame } = encodeFrame({
        key: `/k/${revision}`,
        value: value === undefined ? undefined : Buffer.from(value),
        previous: revision - 1,
        expiresAt: 0,
      });
      sealFrame(frame, revision, before);
      return frame;
    }),
  );
}

const chain = (from: number, to: number, value = 'x') =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ revision: from + index, before: from + index - 1, value }));
const revisions = (writes: readonly { revision: number }[]) => writes.map(({ revision }) => revision);

test('gives back what was written', () => {
  const [first, second] = decodeFrames(file({ revision: 2, before: 1, value: 'v' }, { revision: 3, before: 2 }));
  expect(first).toMatchObject({ revision: 2, before: 1, record: { key: '/k/2', previous: 1 } });
  expect(first?.record.value?.toString()).toBe('v');
  expect(second?.record.value).toBeUndefined();
});

test('cut off anywhere, a file has the writes that are whole', () => {
  const whole = chain(5, 8, 'some value');
  const bytes = file(...whole);
  const ends = whole.map((_, index) => file(...whole.slice(0, index + 1)).length);
  for (let end = 0; end <= bytes.length; end++) {
    const want = ends.filter((length) => length <= end).length;
    expect(decodeFrames(bytes.subarray(0, end))).toHaveLength(want);
  }
});

test('with any byte changed, a file has at most the writes before it', () => {
  const whole = chain(5, 8);
  const bytes = file(...whole);
  const size = bytes.length / whole.length;
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      expect(revisions(decodeFrames(damaged))).toEqual(revisions(whole).slice(0, Math.floor(at / size)));
    }),
  );
});

test('whatever the bytes, reading ends', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeFrames(Buffer.from(bytes))));
});

test.each([
  { name: 'nothing', files: [[], []], applied: 7, want: [] },
  { name: 'what the tables have', files: [chain(2, 7), []], applied: 7, want: [] },
  { name: 'the rest of one file', files: [chain(2, 7), []], applied: 4, want: [5, 6, 7] },
  { name: 'both files in their order', files: [chain(6, 8), chain(2, 5)], applied: 3, want: [4, 5, 6, 7, 8] },
  {
    name: 'nothing that an older use of the file left behind',
    files: [[...chain(9, 10), ...chain(4, 5)], chain(6, 8)],
    applied: 7,
    want: [8, 9, 10],
  },
  {
    name: 'nothing of a write that failed, when another took its place',
    files: [
      [
        { revision: 4, before: 3, value: 'new' },
        { revision: 3, before: 2 },
      ],
      [],
    ],
    applied: 3,
    want: [4],
  },
  {
    name: 'what follows numbers that failed writes have used up',
    files: [
      [
        { revision: 2, before: 1 },
        { revision: 9, before: 2 },
      ],
      [],
    ],
    applied: 1,
    want: [2, 9],
  },
])('the tables lack $name', ({ files, applied, want }) => {
  const bytes = files.map((steps: readonly Step[]) => file(...steps));
  expect(revisions(missingWrites(bytes, applied))).toEqual(want);
});

test('a hole in the middle is not passed over', () => {
  const damaged = file(...chain(2, 5));
  damaged.writeUInt8(0xff, damaged.length - 1);
  expect(() => missingWrites([damaged, file(...chain(6, 8))], 2)).toThrow('between revisions 4 and 5');
});
