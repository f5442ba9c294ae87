import type { Content, Meta } from '../../cache/want.ts'
import { digestOf } from '../../domain/digest.ts'
import type { Outcome } from '../../domain/names.ts'
import { KIB, MIB } from '../../domain/units.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendContent, sendDocument, sendMeta } from '../send.ts'
import { type Leads, rewriteScript } from './rewrite.ts'
import { readSmall } from './small.ts'

export interface ScriptAsk {
  /** Of the file. */
  readonly name: string
  readonly leads: Leads
  headersFor(meta: Meta): Headers
}

const LARGEST = 4 * MIB
const NAMED = /(?:\.(?:sh|bash|ps1|bat)|^install[^/]*)$/i

/** Whether a file is called as scripts are. Others may be scripts too, which only their first bytes tell. */
export function isNamedLikeScript(name: string): boolean {
  return NAMED.test(name)
}

/**
 * Sends a file with addresses that lead here, where it is a script; what is kept stays as it came. The answer is one
 * client's own, and has no ranges. Closes the content.
 */
export async function sendScript(exchange: Exchange, content: Content, ask: ScriptAsk): Promise<void> {
  const original = await scriptIn(content, ask.name).catch((error: unknown) => {
    content.close()
    throw error
  })
  if (original === undefined) return await sendContent(exchange, content, ask.headersFor(content))
  content.close()
  sendRewritten(exchange, { ...ask, meta: content, original })
}

/** The answer to HEAD. What only reading the file would tell is not said where it would have to be fetched for that. */
export async function sendScriptFacts(
  exchange: Exchange,
  meta: Meta,
  { open, ...ask }: ScriptAsk & { open(): Promise<Content> },
): Promise<void> {
  const headers = ask.headersFor(meta)
  if ((meta.size ?? 0) > LARGEST) return sendMeta(exchange, meta, headers)
  if (!HERE.has(meta.outcome))
    return sendMeta(exchange, { ...meta, size: undefined, digest: undefined }, ownHeaders(headers))
  const content = await open()
  try {
    const original = await scriptIn(content, ask.name)
    if (original === undefined) sendMeta(exchange, content, headers)
    else sendRewritten(exchange, { ...ask, meta: content, original })
  } finally {
    content.close()
  }
}

const HERE: ReadonlySet<Outcome> = new Set(['hit', 'revalidated', 'stale'])

function sendRewritten(
  exchange: Exchange,
  { meta, original, leads, headersFor }: ScriptAsk & { readonly meta: Meta; readonly original: Buffer },
): void {
  const bytes = Buffer.from(rewriteScript(original.toString('latin1'), leads), 'latin1')
  sendDocument(
    exchange,
    { ...meta, digest: digestOf(bytes), size: bytes.length, bytes },
    ownHeaders(headersFor(meta)),
  )
}

function ownHeaders(headers: Headers): Headers {
  return {
    ...headers,
    'content-type': 'text/plain; charset=utf-8',
    'accept-ranges': 'none',
    'cache-control': 'private, no-cache',
  }
}

/** All of a script; undefined for what is none, or too large for one. Content stays open, and can be read again. */
async function scriptIn(content: Content, name: string): Promise<Buffer | undefined> {
  if ((content.size ?? 0) > LARGEST) return undefined
  if (!isNamedLikeScript(name) && !(await beginsLikeScript(content))) return undefined
  const bytes = await readSmall(content, LARGEST)
  return bytes === undefined || bytes.subarray(0, 8 * KIB).includes(0) ? undefined : bytes
}

async function beginsLikeScript(content: Content): Promise<boolean> {
  if (content.size === undefined || content.size < 2) return false
  const first = await readSmall(content, 2, { start: 0, end: 1 })
  return first?.toString('latin1') === '#!'
}
