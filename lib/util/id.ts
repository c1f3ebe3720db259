import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idLength = 12;

/** A new box id: 12 characters of [a-z0-9], about 62 random bits; ids are never used again. */
export function newBoxId(): string {
  let id = '';
  while (id.length < idLength) {
    for (const byte of randomBytes(idLength)) {
      // 252 is the largest multiple of 36 below 256: bytes past it would favour the first letters.
      if (byte < 252 && id.length < idLength) id += alphabet[byte % alphabet.length];
    }
  }
  return id;
}

/** The nonce of one run of a box: 16 random bytes as hex. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}
