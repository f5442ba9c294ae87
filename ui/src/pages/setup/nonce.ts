const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

/** A name that nobody else can guess. Pages come over plain http too, where browsers make no UUIDs. */
export function newNonce(): string {
  return [...crypto.getRandomValues(new Uint8Array(20))].map((byte) => LETTERS[byte % 32]).join('')
}
