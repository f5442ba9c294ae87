import type { Freshness, Missing, Want } from '../../cache/want.ts'
import type { Digest } from '../../domain/digest.ts'
import { HF_HOST } from '../../domain/file-hosts.ts'
import type { EntryKey } from '../../domain/names.ts'
import { MIB } from '../../domain/units.ts'
import { codeTold } from './errors.ts'
import { requireJson } from './json.ts'
import { encodePath, isCommit, type Repo, repositoryOf, shortName } from './name.ts'
import { digestStated, LINKED_ETAG, LINKED_SIZE, sizeStated } from './stated.ts'

/** What the hub may say about something; lists come in pages that are much shorter. */
const LARGEST_DOCUMENT = 32 * MIB
/** Longer text is not kept in git there. */
const LARGEST_RAW = 64 * MIB

const IMMUTABLE: Freshness = { kind: 'immutable' }

/** One question about a repository. */
export interface RepoAsk {
  readonly repo: Repo
  /** The operator's token goes along. */
  readonly withToken: boolean
}

/** One question about what a commit has. */
export interface CommitAsk extends RepoAsk {
  readonly commit: string
}

export interface Times {
  readonly refTtl: number
  readonly staleIfError: number
}

/** The name under which something of a repository is known here. No name of a commit begins with a word. */
export function keyOf(repo: Repo, ref: string): EntryKey {
  return { frontEnd: 'hf', upstream: 'hf', repository: repositoryOf(repo), kind: 'file', ref }
}

/** "/datasets/org/name", as addresses of files begin. */
function filesOf(repo: Repo): string {
  return `/${encodePath(shortName(repo))}`
}

/** "/api/models/org/name" */
function apiOf({ type, name }: Repo): string {
  return `/api/${type}/${encodePath(name)}`
}

function requestOf(path: string, withToken: boolean): Want['request'] {
  return withToken ? { upstream: HF_HOST, path, withToken } : { upstream: HF_HOST, path }
}

/** What the files of one kind of want have in common. */
export interface FileAsk extends CommitAsk {
  readonly path: string
  /** 0: no limit. */
  readonly maxBytes: number
  /** The SHA-256 of a git object, where it is known here. */
  readonly digestOfObject: (name: string) => Digest | undefined
}

/** A file of a commit. */
export function fileWant(ask: FileAsk): Want {
  const { repo, commit, withToken, path, maxBytes } = ask
  const address = `${filesOf(repo)}/resolve/${commit}/${encodePath(path)}`
  const want: Want = {
    key: keyOf(repo, `${commit}/${path}`),
    request: requestOf(address, withToken),
    digest: undefined,
    freshness: IMMUTABLE,
    ...absent(withToken),
    maxBytes,
    keepHeaders: ['etag', LINKED_ETAG, LINKED_SIZE],
    digestIn: (head) => digestStated(head, ask.digestOfObject),
    sizeIn: sizeStated,
  }
  return { ...want, byDigest: (digest) => ({ ...want, digest }) }
}

/**
 * The name of a git object of a repository, whatever commits and paths have it. It is no permission: whoever wants a file
 * is told by the hub which object that is.
 */
export function objectKey(repo: Repo, name: string): EntryKey {
  return keyOf(repo, `git/${name}`)
}

/**
 * The same, asked for by HEAD. Whoever keeps the bytes says other things than the hub, and does not always allow a HEAD:
 * so redirects away from the hub are not followed.
 */
export function aboutFile(want: Want): Want {
  return { ...want, request: { ...want.request, follow: 'home' } }
}

/** What git has of a file. */
export function rawWant({ repo, commit, withToken }: CommitAsk, path: string): Want {
  const address = `${filesOf(repo)}/raw/${commit}/${encodePath(path)}`
  return { ...common(address, withToken), key: keyOf(repo, `raw/${commit}/${path}`), maxBytes: LARGEST_RAW }
}

/** Which commit a branch or tag leads to, and the name that the repository has by now. */
export function pointerWant({ repo, withToken }: RepoAsk, revision: string, times: Times): Want {
  const address = `${apiOf(repo)}/revision/${encodeURIComponent(revision)}?expand=sha`
  return {
    ...json(address, withToken),
    key: keyOf(repo, `revision/${revision}`),
    freshness: isCommit(revision) ? IMMUTABLE : revalidate(times),
  }
}

export interface DocumentAsk extends CommitAsk {
  readonly kind: 'info' | 'tree' | 'commits'
  readonly path: string
  readonly query: string
}

/** What the hub says about a commit: there for good. */
export function documentWant(ask: DocumentAsk): Want {
  const { repo, commit, withToken, kind, path, query } = ask
  const word = kind === 'info' ? 'revision' : kind
  const folder = path === '' ? '' : `/${path}`
  const mark = query === '' ? '' : `?${query}`
  const address = `${apiOf(repo)}/${word}/${commit}${encodePath(folder)}${mark}`
  return {
    ...json(address, withToken),
    key: keyOf(repo, `${kind}/${commit}${folder}${mark}`),
    keepHeaders: ['link'],
  }
}

/** What it says about some paths of a commit. `name` is that of the question. */
export function pathsWant({ repo, commit, withToken }: CommitAsk, question: string, name: string): Want {
  const want = json(`${apiOf(repo)}/paths-info/${commit}`, withToken)
  const form = { type: 'application/json', text: question }
  return { ...want, key: keyOf(repo, `paths/${commit}/${name}`), request: { ...want.request, form } }
}

/** Its branches and tags, or whether it may be had at all. */
export function aboutRepo(
  { repo, withToken }: RepoAsk,
  { kind, query }: { readonly kind: 'refs' | 'access'; readonly query: string },
  times: Times,
): Want {
  const mark = query === '' ? '' : `?${query}`
  const word = kind === 'refs' ? 'refs' : 'auth-check'
  const address = `${apiOf(repo)}/${word}${mark}`
  const want = kind === 'refs' ? json(address, withToken) : common(address, withToken)
  return { ...want, key: keyOf(repo, `${word}${mark}`), freshness: revalidate(times) }
}

/** Which file of a model llama.cpp should take; the hub tells nobody else. */
export function manifestWant({ repo, withToken }: RepoAsk, tag: string, times: Times): Want {
  const want = json(`/v2/${encodePath(repo.name)}/manifests/${encodeURIComponent(tag)}`, withToken)
  const request = { ...want.request, userAgent: 'llama-cpp', accept: 'application/json' }
  return { ...want, key: keyOf(repo, `manifests/${tag}`), request, freshness: revalidate(times) }
}

/** A search, which is passed on. */
export function searchWant(type: Repo['type'], query: string): Want {
  const mark = query === '' ? '' : `?${query}`
  return {
    ...json(`/api/${type}${mark}`, false),
    key: { frontEnd: 'hf', upstream: 'hf', repository: type, kind: 'file', ref: `search${mark}` },
    keepHeaders: ['link'],
    isKept: false,
  }
}

/** The name of a note that a commit has no such file. */
export function absenceKey(repo: Repo, commit: string, path: string): EntryKey {
  return keyOf(repo, `absent/${commit}/${path}`)
}

const MISSING: Missing = {
  code: 'not_found',
  message: 'the hub does not have it, or it is private',
  hint: 'check repository, revision and file; the operator can name gated and private ones in huggingface.token_for',
}

/** Strangers hear 401 of what does not exist and of what is private. With the token it would be about the token. */
function absent(withToken: boolean): Pick<Want, 'missing' | 'isAbsence'> {
  if (withToken) return { missing: MISSING }
  return { missing: MISSING, isAbsence: (error) => codeTold(error) === 'RepoNotFound' }
}

function common(address: string, withToken: boolean) {
  return {
    request: requestOf(address, withToken),
    digest: undefined,
    freshness: IMMUTABLE,
    ...absent(withToken),
    maxBytes: LARGEST_DOCUMENT,
    keepHeaders: [],
  } as const
}

function json(address: string, withToken: boolean) {
  const keepHeaders: readonly string[] = []
  return { ...common(address, withToken), keepHeaders, check: requireJson }
}

function revalidate({ refTtl: ttl, staleIfError }: Times): Freshness {
  return { kind: 'revalidate', ttl, staleIfError, whenDeleted: 'keep', by: 'etag', metered: true }
}
