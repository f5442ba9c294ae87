import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'
import type { OriginClient } from '../upstream/origin.ts'
import type { Source } from './source.ts'

/** A large file as pointers name it. */
export interface LargeFile {
  /** SHA-256, 64 hex. */
  readonly oid: string
  readonly size: number
}

/** What a server of git-lfs says of one (git-lfs, docs/api/batch.md). */
export type Offered = LargeFile &
  (
    | {
        readonly kind: 'there'
        readonly href: string
        readonly headers: Readonly<Record<string, string>>
        /** Seconds, where it says so. */
        readonly expiresIn: number | undefined
      }
    | { readonly kind: 'error'; readonly code: number; readonly message: string }
  )

export const LFS_TYPE = 'application/vnd.git-lfs+json'
const LARGEST = 4 * MIB

/** Asks where large files are, as nobody in particular. Rejects with AppError. */
export async function askBatch(
  client: OriginClient,
  source: Source,
  files: readonly LargeFile[],
): Promise<readonly Offered[]> {
  const { upstream, path } = source
  const asked = { operation: 'download', transfers: ['basic'], objects: files, hash_algo: 'sha256' }
  const form = { type: LFS_TYPE, text: JSON.stringify(asked) }
  const request = { upstream, path: `${path}/info/lfs/objects/batch`, accept: LFS_TYPE, follow: false, form }
  const { head, body } = await client.get(request)
  const bytes: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    // Without an encoding set, a stream of bytes gives Buffers.
    bytes.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > LARGEST) throw invalid(upstream, 'its answer is too large')
  }
  const objects = head.status === 200 ? objectsIn(Buffer.concat(bytes)) : undefined
  if (objects === undefined) throw invalid(upstream, 'it sent no list of large files')
  return files.map((file) =>
    offerOf(
      file,
      objects.find((one) => one['oid'] === file.oid),
    ),
  )
}

function invalid(upstream: string, said: string): AppError {
  return new AppError('upstream_invalid', { detail: { upstream, said } })
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  // An object has keys of any name; what they hold is looked at where it is used.
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function objectsIn(bytes: Buffer): readonly Fields[] | undefined {
  try {
    const { objects } = fieldsOf(JSON.parse(bytes.toString('utf8')))
    return Array.isArray(objects) ? objects.map(fieldsOf) : undefined
  } catch {
    return undefined
  }
}

function offerOf(file: LargeFile, said: Fields | undefined): Offered {
  if (said === undefined) return { ...file, kind: 'error', code: 404, message: 'the server did not say' }
  const error = fieldsOf(said['error'])
  if (said['error'] !== undefined) {
    const code = typeof error['code'] === 'number' ? error['code'] : 500
    const message =
      typeof error['message'] === 'string' ? error['message'].slice(0, 300) : 'no reason was given'
    return { ...file, kind: 'error', code, message }
  }
  const { href, header, expires_in: expiresIn } = fieldsOf(fieldsOf(said['actions'])['download'])
  if (typeof href !== 'string' || said['size'] !== file.size)
    return { ...file, kind: 'error', code: 404, message: 'the server has no such file of that size' }
  const headers = Object.entries(fieldsOf(header)).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    ...file,
    kind: 'there',
    href,
    headers: Object.fromEntries(headers),
    expiresIn: typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : undefined,
  }
}
