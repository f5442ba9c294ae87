import type { Cache } from '../../cache/cache.ts'
import { type Content, type Document, type Meta, unkept, type Want } from '../../cache/want.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendContent, sendDocument, sendMeta } from '../send.ts'
import { type ApiAsk, readApiAsk } from './api.ts'
import { ALWAYS, headersFor, safeType } from './headers.ts'
import { isLargeFilePointer, LONGEST_POINTER } from './large-file.ts'
import { type Quota, quotaHeaders } from './quota.ts'
import { type ApiCall, fileNameOf, type GithubResource, type NamedResource } from './resource.ts'
import { type ScriptAsk, sendScript, sendScriptFacts } from './script.ts'
import type { GithubSettings } from './settings.ts'
import type { PointerAsk } from './signposts.ts'
import { apiWant, fileWant } from './wants.ts'

export interface AnswerDeps {
  readonly cache: Cache
  readonly clock: Clock
  /** What is left of the requests to one of GitHub's hosts, as far as it said so. */
  readonly quotaOf: (host: string) => Quota | undefined
}

/** Addresses in scripts: as they are, as they lead here, or as the configuration says. */
export type Scripts = 'original' | 'rewritten' | 'usual'

interface Ask extends PointerAsk {
  readonly exchange: Exchange
  readonly scripts: Scripts
}

type File = Exclude<NamedResource, { kind: 'api' | 'latest' }>

/** Sends what is asked for. Rejects with AppError; what upstreams refuse is said before anything was sent. */
export interface Answer {
  /** Gives back what was really meant, where that is something else; nothing was sent then. */
  named(resource: Exclude<NamedResource, { kind: 'latest' }>, ask: Ask): Promise<NamedResource | undefined>
  file(exchange: Exchange, file: { want: Want; resource: GithubResource }): Promise<void>
}

export function createAnswer({ cache, clock, quotaOf }: AnswerDeps, settings: GithubSettings): Answer {
  const sendFile = async (
    exchange: Exchange,
    { want, resource, more = {} }: { want: Want; resource: GithubResource; more?: Headers },
  ): Promise<void> => {
    const headersOf = (meta: Meta): Headers => ({ ...headersFor(resource, meta), ...more })
    if (exchange.line.method === 'HEAD') {
      const meta = await cache.stat(want)
      return sendMeta(exchange, meta, headersOf(meta))
    }
    const content = await cache.open(want)
    await sendContent(exchange, content, headersOf(content))
  }

  const isRewritten = (scripts: Scripts): boolean =>
    scripts === 'rewritten' || (scripts === 'usual' && settings.rewriteScripts)

  const answerGet = async (resource: File, want: Want, ask: Ask): Promise<NamedResource | undefined> => {
    const content = await cache.open(want)
    if (await isPointer(resource, content)) return mediaOf(resource)
    if (isRewritten(ask.scripts)) await sendScript(ask.exchange, content, scriptAsk(resource, ask))
    else await sendContent(ask.exchange, content, headersFor(resource, content))
    return undefined
  }

  const answerHead = async (resource: File, want: Want, ask: Ask): Promise<NamedResource | undefined> => {
    const meta = await cache.stat(want)
    const isSmall = (meta.size ?? Infinity) <= LONGEST_POINTER
    if (isPage(resource) && isSmall && (await isPointer(resource, await cache.open(want), 'close')))
      return mediaOf(resource)
    const open = (): Promise<Content> => cache.open(want)
    if (isRewritten(ask.scripts))
      await sendScriptFacts(ask.exchange, meta, { ...scriptAsk(resource, ask), open })
    else sendMeta(ask.exchange, meta, headersFor(resource, meta))
    return undefined
  }

  const answerFile = async (resource: File, ask: Ask): Promise<NamedResource | undefined> => {
    const whole = fileWant(resource, ask.context)
    const want = ask.isKept ? whole : unkept(whole)
    const isHead = ask.exchange.line.method === 'HEAD'
    if (resource.kind !== 'archive') return await (isHead ? answerHead : answerGet)(resource, want, ask)
    await sendFile(ask.exchange, { want, resource })
    return undefined
  }

  const answerApi = async (call: ApiCall, { context, isKept, exchange }: Ask): Promise<void> => {
    const ask: ApiAsk = readApiAsk(exchange.req.headers)
    const whole = apiWant(call, ask, context)
    const want = isKept ? whole : unkept(whole)
    const vary = 'accept, x-github-api-version'
    if (ask.isFile) return await sendFile(exchange, { want, resource: call, more: { vary } })
    const isHead = exchange.line.method === 'HEAD'
    const answer = isHead ? await cache.stat(want) : await cache.read(want)
    const headers: Headers = {
      ...ALWAYS,
      'content-type': safeType(answer.mediaType),
      vary,
      ...quotaHeaders(quotaOf('api.github.com'), clock()),
    }
    for (const name of ['link', 'x-github-media-type', 'last-modified']) {
      const value = answer.headers[name]
      if (value !== undefined) headers[name] = value
    }
    if (isDocument(answer)) sendDocument(exchange, answer, headers)
    else sendMeta(exchange, answer, headers)
  }

  return {
    file: sendFile,
    named: async (resource, ask) => {
      if (resource.kind !== 'api') return await answerFile(resource, ask)
      await answerApi(resource, ask)
      return undefined
    },
  }
}

function isDocument(answer: Meta | Document): answer is Document {
  return 'bytes' in answer
}

function isPage(resource: File): boolean {
  return resource.kind === 'raw' && resource.isPage
}

/**
 * Whether github.com would show a large file here, for which git has only a pointer. Content that is not wanted then, or
 * in any case, is closed.
 */
async function isPointer(
  resource: File,
  content: Content,
  then: 'keep' | 'close' = 'keep',
): Promise<boolean> {
  let isWanted = false
  try {
    const isLarge = isPage(resource) && (await isLargeFilePointer(content))
    isWanted = !isLarge && then === 'keep'
    return isLarge
  } finally {
    if (!isWanted) content.close()
  }
}

function mediaOf({ repository, ...resource }: File): NamedResource {
  return { kind: 'media', repository, path: 'path' in resource ? resource.path : '' }
}

function scriptAsk(resource: File, { exchange, scripts }: Ask): ScriptAsk {
  return {
    name: fileNameOf(resource),
    leads: { files: exchange.urlOf(scripts === 'rewritten' ? '/sh/' : '/'), clones: exchange.urlOf('/') },
    headersFor: (meta) => headersFor(resource, meta),
  }
}
