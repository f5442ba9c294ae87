import type { Meta } from '../../cache/want.ts'
import { ALWAYS as NO_PAGE } from '../frame.ts'
import type { Headers } from '../send.ts'
import { fileNameOf, type GithubResource } from './resource.ts'

/** Nobody is led to it by a search. */
export const HIDDEN: Headers = { 'x-robots-tag': 'noindex' }

/** On every answer: whatever it is, it is no page of ours that anybody could be led to. */
export const ALWAYS: Headers = { ...NO_PAGE, ...HIDDEN }

/** What is in files of such a type runs nowhere. */
const PACKED = 'octet-stream|zip|gzip|x-gzip|x-tar|x-bzip2|x-xz|zstd|x-rpm|x-debian-package|java-archive'
/** Types that browsers show without running anything, and those that they only save. */
const HARMLESS = new RegExp(
  `^(?:image/(?:png|jpeg|gif|webp)|application/(?:${PACKED}|vnd\\.github[\\w.+-]*))$`,
)
const TEXT = /^(?:text\/|application\/(?:javascript|ecmascript|xml|xhtml\+xml|x-sh)$)|\+xml$/

/** What a client is told about a file. */
export function headersFor(resource: GithubResource, meta: Pick<Meta, 'mediaType' | 'headers'>): Headers {
  const headers: Headers = { ...ALWAYS, 'content-type': safeType(meta.mediaType), 'accept-ranges': 'bytes' }
  const modified = meta.headers['last-modified']
  if (modified !== undefined) headers['last-modified'] = modified
  const said = meta.headers['content-disposition']
  if (isSaved(resource, said)) headers['content-disposition'] = dispositionOf(resource, said)
  return headers
}

/** What is looked at in a browser too is shown there, as text. */
function isSaved({ kind }: GithubResource, said: string | undefined): boolean {
  return kind === 'api' ? said !== undefined : kind !== 'raw' && kind !== 'gist'
}

/** Pages, pictures that are programs and the like are sent as the text that they are. */
export function safeType(mediaType: string | undefined): string {
  if (mediaType === undefined) return 'application/octet-stream'
  if (mediaType === 'application/json') return 'application/json; charset=utf-8'
  if (HARMLESS.test(mediaType)) return mediaType
  return TEXT.test(mediaType) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

/** The name that GitHub gives to a file, where it is a plain one. */
function dispositionOf(resource: GithubResource, said: string | undefined): string {
  const [, theirs] = /^attachment; *filename="?([\w.()+~@ -]{1,200})"?$/i.exec(said ?? '') ?? []
  const name =
    theirs?.trim() ??
    fileNameOf(resource)
      .replaceAll(/[^\w.()+~@ -]/g, '_')
      .slice(0, 200)
  return `attachment; filename="${name}"`
}
