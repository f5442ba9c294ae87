import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '../domain/errors.ts'

const KIND = 'aes-256-gcm'
const NONCE = 12
const TAG = 16
/** Lists that are being read begin anew after a restart. */
const key = randomBytes(32)

/** A text that only this process can read. */
export function seal(text: string): string {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(KIND, key, nonce, { authTagLength: TAG })
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** What was sealed; throws AppError `bad_request` for anything else. */
export function unseal(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  try {
    const decipher = createDecipheriv(KIND, key, bytes.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG))
    const rest = bytes.subarray(NONCE + TAG)
    return Buffer.concat([decipher.update(rest), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new AppError('bad_request', {
      message: 'this cursor is none of this server, or of before its restart',
      cause,
    })
  }
}
