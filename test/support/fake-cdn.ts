import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/domain/clock.ts'
import { type Answer, type Ask, answerBytes, answerFile } from './fake-answer.ts'
import type { Content } from './fake-content.ts'

/** A blob on its way to one client. */
export interface SignedBlob {
  readonly repo: string
  readonly digest: string
  readonly content: Content
}

/** The blob store on another origin: answers URLs it signed, nothing else, and nobody who shows credentials. */
export interface FakeCdn {
  /** Path and query that serve the blob until they expire; `dead` makes one that has expired already. */
  sign(blob: SignedBlob, dead: boolean): string
  answer(ask: Ask): Answer
  expire(ask: Ask): void
  /** What this request may see, for the log. */
  find(query: URLSearchParams): SignedBlob | undefined
}

interface Grant extends SignedBlob {
  readonly until: number
}

/** @param ttl how long a signed URL lives, in seconds */
export function createCdn({ ttl, now }: { ttl: number; now: Clock }): FakeCdn {
  const grants = new Map<string, Grant>()
  const find = (query: URLSearchParams) => grants.get(query.get('X-Amz-Signature') ?? '')

  return {
    find,
    sign(blob, dead) {
      const signature = `CANARY${randomUUID().replaceAll('-', '')}`
      grants.set(signature, { ...blob, until: dead ? 0 : now() + ttl * 1000 })
      return `/blobs/${blob.digest.replace(':', '/')}?X-Amz-Expires=${ttl}&X-Amz-Signature=${signature}`
    },
    expire(ask) {
      grants.delete(ask.query.get('X-Amz-Signature') ?? '')
    },
    answer(ask) {
      if (ask.headers.authorization !== undefined) {
        return storageError(400, 'InvalidArgument', 'Only one auth mechanism allowed')
      }
      const grant = find(ask.query)
      if (grant === undefined || grant.until <= now()) {
        return storageError(403, 'AccessDenied', 'Request has expired')
      }
      if (ask.method !== 'GET' && ask.method !== 'HEAD') {
        return storageError(405, 'MethodNotAllowed', 'only GET and HEAD')
      }
      return answerFile(ask, {
        content: grant.content,
        etag: ask.etag ?? `"${grant.digest}"`,
        headers: { 'Content-Type': 'application/octet-stream' },
      })
    },
  }
}

/** Errors of blob stores are XML, not the registry's JSON. */
function storageError(status: number, code: string, message: string): Answer {
  const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return answerBytes(status, { 'Content-Type': 'application/xml' }, xml)
}
