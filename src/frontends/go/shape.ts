import type { Unproven } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import { isCanonical } from './version.ts'
import type { ModuleResource } from './wants.ts'

/** The error for content that is not what was asked for. */
export function refusalOf(upstream: string, said: string, why?: string): AppError {
  const message = why === undefined ? {} : { message: why }
  return new AppError('upstream_invalid', { ...message, detail: { upstream, said } })
}

/** All of some content. */
export async function bytesOf(content: Unproven): Promise<Buffer> {
  if (content.bytes !== undefined) return content.bytes
  const bytes = Buffer.alloc(content.size)
  await content.read(bytes, 0)
  return bytes
}

/**
 * Whether a small file of a module looks like one, so that a page of something in between is not kept for it. Throws
 * AppError `upstream_invalid`.
 */
export function requireShape(resource: ModuleResource, bytes: Buffer, upstream: string): void {
  const isJson = resource.kind !== 'list' && !(resource.kind === 'file' && resource.suffix === 'mod')
  if (!isJson) {
    if (/^\s*</.test(bytes.subarray(0, 256).toString('latin1'))) throw refusalOf(upstream, 'sent a web page')
    return
  }
  const version = versionIn(bytes)
  if (version === undefined) throw refusalOf(upstream, 'sent no version')
  const isRight =
    resource.kind === 'file' ? version === resource.version : isCanonical(resource.module, version)
  if (!isRight) throw refusalOf(upstream, `sent version ${JSON.stringify(version.slice(0, 100))}`)
}

function versionIn(bytes: Buffer): string | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof json !== 'object' || json === null || !('Version' in json)) return undefined
    return typeof json.Version === 'string' ? json.Version : undefined
  } catch {
    return undefined
  }
}
