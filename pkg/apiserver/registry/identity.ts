// Names and uids that the server makes, from the randomness it was given.
import type { Random } from '../../clock/clock.ts';

/** Kubernetes' alphabet: no vowels and nothing that looks like them, so that no words come out. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST_NAME = 63;

export function randomSuffix(random: Random): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return suffix;
}

/** generateName with a suffix; a base that is too long is cut. */
export function generatedName(base: string, random: Random): string {
  return base.slice(0, LONGEST_NAME - SUFFIX_LENGTH) + randomSuffix(random);
}

/** A version 4 UUID. */
export function newUid(random: Random): string {
  const hex = (digits: number) => {
    const value = Math.floor(random() * 16 ** digits);
    return value.toString(16).padStart(digits, '0');
  };
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(8)}${hex(4)}`;
}
