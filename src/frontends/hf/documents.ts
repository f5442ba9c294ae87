import type { Cache } from '../../cache/cache.ts'
import { type Document, unkept, type Want } from '../../cache/want.ts'
import { digestOf } from '../../domain/digest.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendDocument } from '../send.ts'
import type { FindCommit, Pointed } from './commits.ts'
import { type Lack, orLacking } from './errors.ts'
import { withoutXet } from './json.ts'
import { ownLink, prefixOf } from './links.ts'
import { found } from './outcome.ts'
import type { HfResource } from './path.ts'
import { nameOfQuestion, readQuestion } from './paths-body.ts'
import type { Permit } from './permit.ts'
import type { HfSettings } from './settings.ts'
import { aboutRepo, documentWant, manifestWant, pathsWant, searchWant } from './wants.ts'

export interface DocumentsDeps {
  readonly cache: Cache
  readonly findCommit: FindCommit
  readonly settings: HfSettings
}

export interface Answering {
  readonly exchange: Exchange
  readonly headers: Headers
}

type OfCommit = Extract<HfResource, { kind: 'info' | 'tree' | 'commits' | 'paths' }>
type OfRepo = Extract<HfResource, { kind: 'refs' | 'access' | 'manifest' }>
type Search = Extract<HfResource, { kind: 'search' }>

/** Serves what the hub says about repositories. */
export interface ServeDocuments {
  /** There for good, as soon as it is known which commit is meant. */
  ofCommit(resource: OfCommit, permit: Permit, answering: Answering): Promise<void>
  ofRepo(resource: OfRepo, permit: Permit, answering: Answering): Promise<void>
  /** Whoever may have everything may search. */
  search(resource: Search, answering: Answering): Promise<void>
}

const KNOWN: Pointed = { commit: '', outcome: undefined, warning: undefined }

export function createDocuments({ cache, findCommit, settings }: DocumentsDeps): ServeDocuments {
  const prefix = prefixOf(settings.url)

  const send = (document: Document, { exchange, headers }: Answering): void => {
    const bytes = withoutXet(document.bytes)
    const own = { ...headers }
    const link = ownLink(document.headers['link'], prefix, exchange)
    if (link !== undefined) own['link'] = link
    const digest = bytes === document.bytes ? document.digest : digestOf(bytes)
    sendDocument(exchange, { ...document, bytes, digest, size: bytes.length }, own)
  }

  const read = (want: Want, { isKept }: Permit, lack: Lack): Promise<Document> =>
    orLacking(lack, cache.read(isKept ? want : unkept(want)))

  return {
    ofCommit: async (resource, permit, answering) => {
      const { exchange, headers } = answering
      // Before anything is waited for: what is not read soon may be gone.
      const question = resource.kind === 'paths' ? await readQuestion(exchange.req) : undefined
      const pointed = await findCommit(permit, resource.revision)
      const ask = { ...permit, commit: pointed.commit }
      const want =
        resource.kind === 'paths'
          ? pathsWant(ask, question ?? '', nameOfQuestion(question ?? ''))
          : documentWant({ ...ask, kind: resource.kind, path: resource.path, query: resource.query })
      const code = resource.kind === 'tree' ? 'EntryNotFound' : 'RevisionNotFound'
      const document = await read(want, permit, { code, commit: pointed.commit })
      send(found(pointed, document), { exchange, headers: { ...headers, 'x-repo-commit': pointed.commit } })
    },
    ofRepo: async (resource, permit, answering) => {
      const { kind } = resource
      const want =
        kind === 'manifest'
          ? manifestWant(permit, resource.tag, settings)
          : aboutRepo(permit, resource, settings)
      send(found(KNOWN, await read(want, permit, { code: 'RepoNotFound' })), answering)
    },
    search: async ({ type, query }, answering) => {
      send(await cache.pass(searchWant(type, query)), answering)
    },
  }
}
