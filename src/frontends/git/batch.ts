import { AppError } from '../../domain/errors.ts'
import type { LargeFile } from '../../git/lfs.ts'

const MOST_FILES = 1000

/** The large files that a client asks for. Throws AppError: `unsupported` for an upload, `bad_request`. */
export function readBatch(bytes: Buffer): readonly LargeFile[] {
  const asked = fieldsOf(parsed(bytes))
  const { operation, objects, hash_algo: algorithm } = asked
  if (operation === 'upload')
    throw new AppError('unsupported', { message: 'this cache is only read: push to the server itself' })
  if (operation !== 'download' || !Array.isArray(objects)) throw malformed('operation and objects')
  if (algorithm !== undefined && algorithm !== 'sha256') throw malformed('an algorithm that is known')
  if (objects.length > MOST_FILES) throw malformed(`at most ${MOST_FILES} objects`)
  return objects.map(fileOf)
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  // An object has keys of any name; what they hold is looked at where it is used.
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw malformed('JSON')
  }
}

function fileOf(value: unknown): LargeFile {
  const { oid, size } = fieldsOf(value)
  const isRight = typeof oid === 'string' && /^[0-9a-f]{64}$/.test(oid)
  if (!isRight || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw malformed('objects with oid and size')
  return { oid, size }
}

function malformed(lacks: string): AppError {
  return new AppError('bad_request', { message: `a request of git-lfs has ${lacks}` })
}
