import { createHash } from 'node:crypto'
import type { Unproven, Want } from '../../cache/want.ts'
import { type Digest, digestOf } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { HF_HOST } from '../../domain/file-hosts.ts'
import { MIB } from '../../domain/units.ts'

/**
 * Judges whether content is the git object of that name, which is the SHA-1 of a header and the content
 * (git-hash-object). Rejects with AppError `upstream_invalid`.
 */
export function requireGitObject(name: string): NonNullable<Want['check']> {
  return async (content) => {
    const found = await gitName(content)
    if (found === name) return
    const said = `sent git object ${found} for ${name}`
    throw new AppError('upstream_invalid', { detail: { upstream: HF_HOST, said } })
  }
}

async function gitName(content: Unproven): Promise<string> {
  const { size, bytes } = content
  const hash = createHash('sha1').update(`blob ${size}\0`)
  if (bytes !== undefined) return hash.update(bytes).digest('hex')
  const buffer = Buffer.alloc(Math.min(size, MIB))
  for (let at = 0; at < size; ) {
    const count = await content.read(buffer, at)
    if (count === 0) break
    hash.update(buffer.subarray(0, count))
    at += count
  }
  return hash.digest('hex')
}

const EMPTY = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'

/** The SHA-256 of the git object without a byte, which nobody has to have seen. */
export function digestOfNothing(name: string): Digest | undefined {
  return name === EMPTY ? digestOf(Buffer.alloc(0)) : undefined
}

/** Whether an ETag of the hub is the name of a git object. */
export function isGitName(etag: string | undefined): etag is string {
  return etag !== undefined && /^[0-9a-f]{40}$/.test(etag)
}
