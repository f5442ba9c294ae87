import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'
import { VERSION } from '../domain/version.ts'
import type { OriginClient, OriginResponse } from '../upstream/origin.ts'
import { PacketError } from './pkt-line.ts'
import { type Advertisement, parseAdvertisement } from './refs.ts'
import { encodeLsRefs, type LsRefs } from './request.ts'
import type { Source } from './source.ts'

export interface Advertised {
  /** As it came. */
  readonly bytes: Buffer
  readonly said: Advertisement
}

/** What is asked of a server of git, all of it as nobody in particular. */
export interface Remote {
  /** Its answer to info/refs, or where the repository is now on the same server. Rejects with AppError. */
  advertisement(
    source: Source,
    protocol: string | undefined,
  ): Promise<Advertised | { readonly movedTo: string }>
  /** Rejects with AppError. */
  lsRefs(source: Source, ask: LsRefs): Promise<Buffer>
  /** A request to git-upload-pack as it is; the answer is read by whoever asks. Rejects with AppError. */
  uploadPack(source: Source, ask: UploadAsk): Promise<OriginResponse['body']>
}

export interface UploadAsk {
  readonly body: Buffer
  readonly protocol: string | undefined
  readonly signal?: AbortSignal
}

export const AGENT = `cachalot/${VERSION}`
export const REQUEST_TYPE = 'application/x-git-upload-pack-request'
const REFS = '/info/refs?service=git-upload-pack'
const MOST_REFS = 64 * MIB

export function createRemote(client: OriginClient): Remote {
  const post = async (source: Source, { body, protocol, signal }: UploadAsk): Promise<OriginResponse> => {
    const { upstream, path } = source
    const form = { type: REQUEST_TYPE, text: body }
    const request = { upstream, path: `${path}/git-upload-pack`, follow: false, form, ...said(protocol) }
    const answer = await client.get(request, signal === undefined ? {} : { signal })
    if (answer.head.status === 200) return answer
    answer.body.destroy()
    throw refused(upstream, 'it moved while it was asked')
  }

  return {
    advertisement: async (source, protocol) => {
      const { upstream, path } = source
      const request = { upstream, path: path + REFS, follow: false, ...said(protocol) }
      const { head, body } = await client.get(request)
      if (head.status !== 200) {
        body.destroy()
        return { movedTo: newPath(source, head.headers['location']) }
      }
      const bytes = await collect(body, upstream)
      return { bytes, said: readable(upstream, () => parseAdvertisement(bytes)) }
    },
    lsRefs: async (source, ask) => {
      const { body } = await post(source, { body: encodeLsRefs(ask, AGENT), protocol: 'version=2' })
      return await collect(body, source.upstream)
    },
    uploadPack: async (source, ask) => (await post(source, ask)).body,
  }
}

function said(protocol: string | undefined): { own?: Readonly<Record<string, string>> } {
  return protocol === undefined ? {} : { own: { 'git-protocol': protocol } }
}

function refused(upstream: string, why: string): AppError {
  return new AppError('upstream_invalid', { detail: { upstream, said: why } })
}

/** Runs what reads an upstream's bytes; throws AppError where they are not what they should be. */
export function readable<T>(upstream: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof PacketError ? refused(upstream, error.message) : error
  }
}

async function collect(body: OriginResponse['body'], upstream: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    // Without an encoding set, a stream of bytes gives Buffers.
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > MOST_REFS) throw refused(upstream, 'it has too many refs')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/**
 * Repositories that were renamed are found by where a server sends git. Only the same server counts, and only a
 * repository: everything else is no answer to this question.
 */
function newPath({ upstream, url, path }: Source, location: string | undefined): string {
  const here = `${url}${path}${REFS}`
  if (location === undefined || !URL.canParse(location, here))
    throw refused(upstream, 'a redirect to nowhere')
  const to = new URL(location, here)
  const { origin, pathname } = new URL(url)
  const base = pathname.replace(/\/+$/, '')
  const isRefs = to.pathname.endsWith('/info/refs') && to.search === '?service=git-upload-pack'
  if (to.origin !== origin || !isRefs || !to.pathname.startsWith(`${base}/`))
    throw refused(upstream, `redirect refused: to ${to.host}`)
  return to.pathname.slice(base.length, -'/info/refs'.length)
}
