import type { Unproven } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import { HF_HOST } from '../../domain/file-hosts.ts'

/** So that a page of something in between is not kept for an answer of the hub. Rejects with `upstream_invalid`. */
export async function requireJson({ bytes }: Unproven): Promise<void> {
  if (bytes === undefined || parseJson(bytes) !== undefined) return
  const said = 'sent something else than JSON'
  throw new AppError('upstream_invalid', { detail: { upstream: HF_HOST, said } })
}

/** An object or an array; undefined for all else. */
export function parseJson(bytes: Buffer): object | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}

/** Clients that see a hash of this name leave for the hosts of Xet, which know nothing of us. */
const XET = 'xetHash'

/** The same without what leads clients away; the very bytes where there is nothing of the kind. */
export function withoutXet(bytes: Buffer): Buffer {
  if (!bytes.includes(`"${XET}"`)) return bytes
  const drop = (key: string, value: unknown): unknown => (key === XET ? undefined : value)
  return Buffer.from(JSON.stringify(JSON.parse(bytes.toString('utf8'), drop)))
}
