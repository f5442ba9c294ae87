import { algorithmOf, type Digest, digestOf, isSha256 } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import type { OriginClient, OriginHead, OriginOptions } from '../upstream/origin.ts'
import { readAll } from '../upstream/read-all.ts'
import { statedDigest } from './asker.ts'
import { isPassing } from './bypass-run.ts'
import { isManifest } from './references.ts'
import { checkBytes } from './unproven.ts'
import type { Want } from './want.ts'

/** A small answer, whole. */
export interface Received {
  readonly head: OriginHead
  /** Undefined when the upstream says it is unchanged. */
  readonly bytes: Buffer | undefined
}

/**
 * Small content as its upstream sends it, with the digest asked for, or else the one its own answer states. A body
 * that is cut is asked for once more, and so is one with another digest than stated, by that digest. Throws AppError.
 */
export async function receive(client: OriginClient, want: Want, options: OriginOptions): Promise<Received> {
  if (want.headOnly === true) return await receiveHead(client, want, options)
  const received = await receiveRight(client, want, options)
  if (received.bytes !== undefined) await checkBytes(want, received.bytes)
  return received
}

/** An answer that is of interest for what it says before its body. */
async function receiveHead(client: OriginClient, want: Want, options: OriginOptions): Promise<Received> {
  const head = await client.head(want.request, options)
  return { head, bytes: head.status === 304 ? undefined : Buffer.alloc(0) }
}

async function receiveRight(client: OriginClient, want: Want, options: OriginOptions): Promise<Received> {
  const received = await readWhole(client, want, options)
  const { head, bytes } = received
  if (bytes === undefined) return received
  const direct = statedWant(want, head)
  if (direct === undefined || isOf(direct.digest, bytes)) {
    prove(want, head, bytes)
    return received
  }
  const { headersWithin } = options
  const within = headersWithin === undefined ? {} : { headersWithin }
  const again = await readWhole(client, direct, within).catch((error: unknown) => {
    throw isUpstreamTrouble(error) ? contradiction(direct, bytes, error) : error
  })
  prove(direct, again.head, again.bytes ?? bytes)
  return again
}

/** How to ask for what a pointing name's answer says it is. Other digests than SHA-256 are proven by those who tell them. */
function statedWant(want: Want, head: OriginHead): Want | undefined {
  const stated = statedDigest(want, head)
  return stated !== undefined && isSha256(stated) ? want.byDigest?.(stated) : undefined
}

/** Headers and whole body. */
async function readWhole(
  client: OriginClient,
  want: Want,
  options: OriginOptions,
  tries = 2,
): Promise<Received> {
  const { head, body } = await client.get(want.request, options)
  if (head.status === 304) {
    body.destroy()
    return { head, bytes: undefined }
  }
  try {
    return { head, bytes: await readAll(body, want.maxBytes) }
  } catch (error) {
    if (tries <= 1 || !isPassing(error)) throw error
    return await readWhole(client, want, options, tries - 1)
  }
}

function isOf(digest: Digest | undefined, bytes: Buffer): boolean {
  return digest === undefined || digestOf(bytes, algorithmOf(digest)) === digest
}

/** Throws AppError `upstream_invalid` unless these are the bytes asked for, as far as that can be told. */
function prove(want: Want, head: OriginHead, bytes: Buffer): void {
  if (!isOf(want.digest, bytes)) throw contradiction(want, bytes)
  if (want.key.frontEnd !== 'oci') return
  const isFramed = want.digest !== undefined || head.contentLength !== undefined
  // Of an answer whose end is the end of the connection, only its shape tells whether it was cut.
  if (isFramed || !isManifest(head.contentType) || isJson(bytes)) return
  const said = 'sent a manifest that breaks off'
  throw new AppError('upstream_invalid', { detail: { upstream: want.request.upstream, said } })
}

function contradiction({ digest, request }: Want, bytes: Buffer, cause?: unknown): AppError {
  const found = digest === undefined ? '' : digestOf(bytes, algorithmOf(digest))
  const said = `sent content with digest ${found} for ${digest ?? ''}`
  return new AppError('upstream_invalid', { detail: { upstream: request.upstream, said }, cause })
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}
