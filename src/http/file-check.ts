import { CHECK_NAME, CHECK_NONCE, type CheckNote } from '../domain/client-check.ts'
import { AppError } from '../domain/errors.ts'
import type { FrontEndName } from '../domain/names.ts'

/** An owner, an organisation or a host of modules that is nobody's, and what is asked of it. */
const CHECK = new RegExp(`/${CHECK_NAME}(?:\\.invalid)?/([^/.]+)(?:[/.]|$)`)

interface Asked {
  readonly frontEnd: FrontEndName
  /** Raw, without pull key. */
  readonly path: string
  /** It came by a host that its protocol has for itself. */
  readonly isHost: boolean
}

/**
 * The check that a request is, if it is one: a name that a page made, so that whoever asks for it is the client that was
 * set up. Images have one of their own.
 */
export function fileCheckIn({ frontEnd, path, isHost }: Asked): CheckNote | undefined {
  // Most paths hold nothing of it, and this is asked for every one.
  if (frontEnd === 'oci' || !path.includes(CHECK_NAME)) return undefined
  const nonce = CHECK.exec(path)?.[1]
  if (nonce === undefined || !CHECK_NONCE.test(nonce)) return undefined
  return { nonce, upstream: frontEnd, shape: isHost ? 'host' : 'prefix' }
}

/** What its client is told; no upstream is asked. */
export function fileCheckAnswer(): AppError {
  return new AppError('not_found', {
    message: 'Cachalot saw you: this client uses the cache, and this name is only there to show that',
  })
}
