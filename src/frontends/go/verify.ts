import type { Unproven, Want } from '../../cache/want.ts'
import type { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import { type Book, type Summed, summedOf } from './book.ts'
import type { Checksums } from './checksums.ts'
import { h1OfMod } from './h1.ts'
import type { GoSettings } from './settings.ts'
import { bytesOf, refusalOf, requireShape } from './shape.ts'
import type { ModuleResource } from './wants.ts'
import { ZipProblem } from './zip-directory.ts'
import { hashZip } from './zip-hash.ts'

/** A file of a module on its way in. */
export interface Incoming {
  readonly resource: ModuleResource
  readonly upstream: string
  /** Its name may not be told to any checksum database. */
  readonly isPrivate: boolean
  readonly isKept: boolean
}

/** Judges what upstreams send before it is kept. */
export type Verify = (incoming: Incoming) => NonNullable<Want['check']>

/**
 * Every version has one content for good. What differs from what it was, or from what the checksum database says, is
 * refused, and nothing of what is known is overwritten.
 */
export function createVerify(deps: {
  readonly mode: GoSettings['verify']
  readonly book: Book
  readonly checksums: Checksums
  readonly log: Log
}): Verify {
  const { mode, book, checksums, log } = deps

  const alarm = (
    file: Summed,
    facts: { upstream: string; found: string; known: string; by: string },
  ): AppError => {
    const { upstream, found, known, by } = facts
    const name = `${file.module}@${file.version}`
    log.error(
      { event: 'go.hash', module: name, file: file.suffix, upstream, found, known, by },
      'a version changed',
    )
    const why = `${name}: this is not the ${file.suffix} that ${by}`
    return refusalOf(upstream, `sent ${file.suffix} with ${found} for ${known}`, why)
  }

  const requireRecorded = async (
    file: Summed,
    found: string,
    { upstream, isKept }: Incoming,
  ): Promise<void> => {
    const known = await book.find(file)
    if (known === undefined) {
      if (isKept) await book.write(file, found)
    } else if (known !== found) {
      throw alarm(file, { upstream, found, known, by: 'was fetched first' })
    }
  }

  const requireStated = async (file: Summed, found: string, { upstream }: Incoming): Promise<void> => {
    const { database, stated } = await checksums.find(file)
    if (stated.includes(found)) return
    throw alarm(file, { upstream, found, known: stated.join(' or ') || 'nothing', by: `${database} knows` })
  }

  return (incoming) => async (content) => {
    const { resource, upstream } = incoming
    const file = summedOf(resource)
    if (file === undefined) return requireShape(resource, await bytesOf(content), upstream)
    const found = file.suffix === 'zip' ? await zipHash(content, incoming) : await modHash(content, incoming)
    if (mode === 'off') return
    if (mode === 'sumdb' && !incoming.isPrivate) await requireStated(file, found, incoming)
    await requireRecorded(file, found, incoming)
  }
}

async function modHash(content: Unproven, { resource, upstream }: Incoming): Promise<string> {
  const bytes = await bytesOf(content)
  requireShape(resource, bytes, upstream)
  return h1OfMod(bytes)
}

async function zipHash(content: Unproven, { resource, upstream }: Incoming): Promise<string> {
  const version = resource.kind === 'file' ? resource.version : ''
  try {
    return await hashZip(content, `${resource.module}@${version}/`)
  } catch (error) {
    if (!(error instanceof ZipProblem)) throw error
    throw refusalOf(upstream, `sent a zip that no module may have: ${error.message}`)
  }
}
