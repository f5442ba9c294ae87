import { parseDigest } from '../../src/domain/digest.ts'
import {
  type Answer,
  type Ask,
  answerBytes,
  answerEmpty,
  answerError,
  answerFile,
  answerJson,
} from './fake-answer.ts'
import { budgetHeaders, type PullBudget, spendPull } from './fake-budget.ts'
import type { SignedBlob } from './fake-cdn.ts'
import type { Content } from './fake-content.ts'
import type { Fault } from './fake-faults.ts'
import { type PageAsk, pageByOffset, pageOfNames } from './fake-pages.ts'
import type { RegistryPath } from './fake-path.ts'
import { matchesETag } from './fake-range.ts'
import type { Repositories, StoredManifest } from './fake-repositories.ts'
import { type Descriptor, MEDIA } from './oci-media.ts'

export interface RegistryOptions {
  readonly repositories: Repositories
  /** Whether blobs are sent from here or fetched from a signed URL. */
  readonly blobs: 'direct' | 'redirect'
  readonly budget: PullBudget | undefined
  /** `flatten`: a tag that names an index is answered with the linux/amd64 manifest when Accept lacks the index. */
  readonly acceptMode: 'any' | 'flatten'
  /** Whether the referrers API exists. */
  readonly referrers: boolean
  /** The most tags, repositories or referrers of one page. */
  readonly pageSize: number | undefined
}

/** An absolute URL for a blob; `dead` makes one that has expired already. */
export type Sign = (blob: SignedBlob, dead: boolean) => string

/** The pull side of a registry (OCI distribution spec 1.1), after authentication. */
export type FakeRegistry = (ask: Ask, path: RegistryPath, fault: Fault) => Answer

export function createRegistry(options: RegistryOptions, sign: Sign): FakeRegistry {
  return (ask, path, fault) => {
    if (ask.method !== 'GET' && ask.method !== 'HEAD') {
      return answerError(405, 'UNSUPPORTED', 'this registry is read-only')
    }
    const { kind, repo = '', ref = '' } = path
    if (kind === 'ping') return answerJson(200, {})
    if (kind === 'catalog') return listCatalog(ask, options)
    if (kind === 'other') return answerError(404, 'UNSUPPORTED', 'no such endpoint')
    if (ref.includes(':') && parseDigest(ref) === undefined) {
      return answerError(400, 'DIGEST_INVALID', 'invalid digest')
    }
    if (kind === 'referrers') return listReferrers(ask, options, { repo, ref })
    if (!options.repositories.has(repo)) return answerError(404, 'NAME_UNKNOWN', 'no such repository')
    if (kind === 'tags') return listTags(ask, options, repo)
    if (kind === 'manifest') return sendManifest(ask, options, { repo, ref })
    const content = options.repositories.blob(repo, ref)
    if (content === undefined) return answerError(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
    if (options.blobs === 'direct') return sendBlob(ask, ref, content)
    const location = sign({ repo, digest: ref, content }, fault.expireRedirect === true)
    return answerBytes(307, { Location: location }, '')
  }
}

interface Reference {
  readonly repo: string
  readonly ref: string
}

function sendManifest(ask: Ask, options: RegistryOptions, { repo, ref }: Reference): Answer {
  const refusal = ask.method === 'GET' ? spendPull(options.budget) : undefined
  if (refusal !== undefined) return refusal
  const budget = budgetHeaders(options.budget)
  const stored = options.repositories.manifest(repo, ref)
  if (stored === undefined) return answerError(404, 'MANIFEST_UNKNOWN', 'manifest unknown', budget)
  const manifest = ref.includes(':') ? stored : acceptable(ask, options, { repo, stored })
  const etag = ask.etag ?? `"${manifest.digest}"`
  const headers = { ...budget, ETag: etag, 'Docker-Content-Digest': manifest.digest }
  if (matchesETag(ask.headers['if-none-match'], etag)) return answerEmpty(304, headers)
  return answerBytes(200, { ...headers, 'Content-Type': manifest.mediaType }, manifest.bytes)
}

const INDEXES: readonly string[] = [MEDIA.index, MEDIA.dockerList]

/** What old registries do to clients that do not know indexes. */
function acceptable(
  ask: Ask,
  { acceptMode, repositories }: RegistryOptions,
  { repo, stored }: { repo: string; stored: StoredManifest },
): StoredManifest {
  const accepted = ask.headers.accept?.includes(stored.mediaType) === true
  if (acceptMode === 'any' || accepted || !INDEXES.includes(stored.mediaType)) return stored
  // The fake's own index builders wrote it.
  const { manifests } = JSON.parse(stored.bytes.toString()) as { manifests: Descriptor[] }
  const chosen = manifests.find((m) => m.platform?.architecture === 'amd64') ?? manifests[0]
  return (chosen && repositories.manifest(repo, chosen.digest)) ?? stored
}

function sendBlob(ask: Ask, digest: string, content: Content): Answer {
  return answerFile(ask, {
    content,
    etag: ask.etag ?? `"${digest}"`,
    headers: { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': digest },
  })
}

function pageAsk({ path, query }: Ask, { pageSize }: RegistryOptions): PageAsk {
  return { path, query, pageSize }
}

function listTags(ask: Ask, options: RegistryOptions, repo: string): Answer {
  const { items, link } = pageOfNames(options.repositories.tags(repo), pageAsk(ask, options))
  return answerJson(200, { name: repo, tags: items }, link)
}

function listCatalog(ask: Ask, options: RegistryOptions): Answer {
  const { items, link } = pageOfNames(options.repositories.names(), pageAsk(ask, options))
  return answerJson(200, { repositories: items }, link)
}

function listReferrers(ask: Ask, options: RegistryOptions, { repo, ref }: Reference): Answer {
  if (!options.referrers) return answerError(404, 'UNSUPPORTED', 'the referrers API is not supported')
  if (parseDigest(ref) === undefined) return answerError(400, 'DIGEST_INVALID', 'invalid digest')
  const wanted = ask.query.get('artifactType')
  const all = options.repositories.referrers(repo, ref)
  const found = wanted === null ? all : all.filter((referrer) => referrer.artifactType === wanted)
  const { items, link } = pageByOffset(found, pageAsk(ask, options), ['artifactType'])
  return answerJson(
    200,
    { schemaVersion: 2, mediaType: MEDIA.index, manifests: items },
    {
      'Content-Type': MEDIA.index,
      ...(wanted === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
      ...link,
    },
  )
}
