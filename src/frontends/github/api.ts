import type { IncomingHttpHeaders } from 'node:http'

/** What beside its address decides what the API answers. */
export interface ApiAsk {
  readonly accept: string
  /** X-GitHub-Api-Version. */
  readonly version: string | undefined
  /** The bytes of a file, of any size. */
  readonly isFile: boolean
  /** What tells this answer from others under the same address; "" for what everybody asks for. */
  readonly suffix: string
}

/** What is asked for unless a client says otherwise. */
export const USUAL_TYPE = 'application/vnd.github+json'
/** The media types that the API knows (docs.github.com/rest, "Media types"); all others get what everybody gets. */
const KNOWN = /^application\/(?:vnd\.github(?:\.[a-z0-9.-]{1,60})?(?:\+json)?|octet-stream)$/

/** What a client of the API asks for. Of several types the first that the API knows counts. */
export function readApiAsk(headers: IncomingHttpHeaders): ApiAsk {
  const types = (headers.accept ?? '').toLowerCase().split(',', 8)
  const accept =
    types.map((type) => type.split(';', 1)[0]?.trim() ?? '').find((type) => KNOWN.test(type)) ?? USUAL_TYPE
  const asked = headers['x-github-api-version']
  const version = typeof asked === 'string' && /^\d{4}-\d\d-\d\d$/.test(asked) ? asked : undefined
  const isUsual = accept === USUAL_TYPE || accept === 'application/vnd.github.v3+json'
  const said = [...(isUsual ? [] : [accept]), ...(version === undefined ? [] : [version])]
  const isFile = accept === 'application/octet-stream' || accept.includes('.raw')
  return {
    accept: isUsual ? USUAL_TYPE : accept,
    version,
    isFile,
    suffix: said.length === 0 ? '' : ` (${said.join(', ')})`,
  }
}
