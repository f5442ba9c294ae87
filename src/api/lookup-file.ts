import { setImmediate } from 'node:timers/promises'
import type { Entry } from '../db/entries.ts'
import { isSha256 } from '../domain/digest.ts'
import { fileText } from '../domain/file-names.ts'
import { type EntryKey, keyName } from '../domain/names.ts'
import { type NamedResource, refOf } from '../frontends/github/resource.ts'
import { githubKey } from '../frontends/github/wants.ts'
import { isCanonical } from '../frontends/go/version.ts'
import { moduleKey } from '../frontends/go/wants.ts'
import { isCommit } from '../frontends/hf/name.ts'
import { keyOf } from '../frontends/hf/wants.ts'
import {
  type AskedFile,
  type AskedGit,
  type AskedGithub,
  type AskedModule,
  type AskedRepo,
  DEFAULT_REVISION,
  nameOfAsked,
  textOfAsked,
} from './asked-file.ts'
import type { Lookup } from './contract.ts'
import type { ApiDeps } from './deps.ts'
import { treeHere } from './hub-tree.ts'
import { parseLoose, textOf } from './loose.ts'

type Deps = Pick<ApiDeps, 'index' | 'parts' | 'inside'>

/** What there is to have of something, by its names; without an entry, or its bytes, it is missing. */
interface Wanted {
  readonly key: EntryKey
  /** As far as that is known. */
  readonly size?: number
}

/** Whether a file, or all of a repository, would be served without its upstream. Nobody is asked. */
export async function lookUpFile(deps: Deps, asked: AskedFile): Promise<Lookup> {
  switch (asked.kind) {
    case 'go':
      return await lookUpModule(deps, asked)
    case 'github':
      return await lookUpGithub(deps, asked)
    case 'hf':
      return await lookUpHub(deps, asked)
    case 'git':
      return await lookUpGit(deps, asked)
    default:
      return asked satisfies never
  }
}

/** Names that are looked at without a pause: a few milliseconds. */
const BATCH = 500
const GO_FILES = ['info', 'mod', 'zip'] as const

async function lookUpModule(deps: Deps, asked: AskedModule): Promise<Lookup> {
  const { module } = asked
  const version = await versionOf(deps, asked)
  if (version === undefined) return await allOf(deps, asked)
  const wanted = GO_FILES.map((suffix) => ({ key: moduleKey(module, `@v/${version}.${suffix}`) }))
  return await sumOf(deps, fileText({ kind: 'go', repository: module, file: version }), wanted)
}

/** The version itself, or the one that what is cached leads to. */
async function versionOf(deps: Deps, { module, version }: AskedModule): Promise<string | undefined> {
  if (version !== undefined && isCanonical(module, version)) return version
  const ref = version === undefined ? '@latest' : `@v/${version}.info`
  const found = textOf(parseLoose(await bytesOf(deps, moduleKey(module, ref)))['Version'])
  return found !== undefined && isCanonical(module, found) ? found : undefined
}

async function lookUpGithub(deps: Deps, asked: AskedGithub): Promise<Lookup> {
  const { resource } = asked
  if (resource === undefined) return await allOf(deps, asked)
  const { repository, ...rest } = resource
  const other = leadOf(deps, githubKey(repository, 'renamed'), /\/([^/]+\/[^/]+)\/?$/)
  // Whatever it was asked for, the same is meant of the repository that this one is called by now.
  const real = { ...rest, repository: other ?? repository } as NamedResource
  const keys = githubKeys(deps, real)
  const key = keys.find((one) => deps.index.entries.find(one)?.blob !== undefined) ?? keys[0]
  return key === undefined ? absent(textOfAsked(asked)) : await sumOf(deps, keyName(key), [{ key }])
}

/** The names that it may have here; that of a large file before its pointer. */
function githubKeys(deps: Deps, resource: NamedResource): readonly EntryKey[] {
  const { repository } = resource
  if (resource.kind === 'latest') {
    const tag = leadOf(deps, githubKey(repository, 'releases/latest'), /\/releases\/tag\/(.+)$/)
    return tag === undefined ? [] : [githubKey(repository, `releases/download/${tag}/${resource.file}`)]
  }
  const own = githubKey(repository, refOf(resource))
  if (resource.kind !== 'raw' || !resource.isPage) return [own]
  return [githubKey(repository, refOf({ ...resource, kind: 'media' })), own]
}

/** What a note of a redirect leads to. */
function leadOf({ index }: Deps, key: EntryKey, pattern: RegExp): string | undefined {
  const location = index.entries.find(key)?.headers['location']
  const path = location === undefined ? undefined : URL.parse(location, 'https://github.com')?.pathname
  const found = path === undefined ? undefined : pattern.exec(path)?.[1]
  return found === undefined ? undefined : decoded(found)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

async function lookUpHub(deps: Deps, asked: AskedRepo): Promise<Lookup> {
  const { repo, revision = DEFAULT_REVISION, path, isRaw } = asked
  const commit = isCommit(revision) ? revision : await commitOf(deps, asked, revision)
  if (commit === undefined) return path === undefined ? await allOf(deps, asked) : absent(textOfAsked(asked))
  if (path !== undefined) {
    const key = keyOf(repo, `${isRaw ? 'raw/' : ''}${commit}/${path}`)
    return await sumOf(deps, keyName(key), [{ key }])
  }
  const files = await treeHere(repo, commit, (key) => entryAndBytes(deps, key))
  if (files === undefined) return await allOf(deps, asked)
  const name = textOfAsked(asked)
  return await sumOf(
    deps,
    name,
    files.map((file) => ({ key: keyOf(repo, `${commit}/${file.path}`), size: file.size })),
  )
}

async function commitOf(deps: Deps, { repo }: AskedRepo, revision: string): Promise<string | undefined> {
  const { sha } = parseLoose(await bytesOf(deps, keyOf(repo, `revision/${revision}`)))
  const commit = textOf(sha)
  return commit !== undefined && isCommit(commit) ? commit : undefined
}

async function lookUpGit(deps: Deps, asked: AskedGit): Promise<Lookup> {
  const { repository, file } = nameOfAsked(asked)
  const name = textOfAsked(asked)
  if (file !== undefined) {
    const key: EntryKey = { frontEnd: 'git', upstream: 'git', repository, kind: 'file', ref: file }
    return await sumOf(deps, name, [{ key }])
  }
  const bytes = await deps.inside.git.sizeOf(repository)
  if (bytes === undefined) return absent(name)
  return { name, cached: 'complete', digest: undefined, here: bytes, size: bytes, missing: [] }
}

/** What is here of a repository, where nobody knows how much there is of it. */
async function allOf(deps: Deps, asked: AskedFile): Promise<Lookup> {
  const { kind, repository } = nameOfAsked(asked)
  const here = await deps.index.clerk.ask('sizeHere', { kind, repository })
  const name = textOfAsked(asked)
  return here === 0 ? absent(name) : { ...absent(name), cached: 'partial', here, size: here }
}

async function sumOf({ index }: Deps, name: string, wanted: readonly Wanted[]): Promise<Lookup> {
  const entries: (Wanted & { readonly entry: Entry | undefined })[] = []
  for (const [at, one] of wanted.entries()) {
    // A data set may have very many files, and others want to be answered meanwhile.
    if (at % BATCH === BATCH - 1) await setImmediate()
    entries.push({ ...one, entry: index.entries.find(one.key) })
  }
  const here = entries.filter(({ entry }) => entry?.blob !== undefined)
  const missing = entries.filter(({ entry }) => entry?.blob === undefined)
  const [only] = entries
  return {
    name,
    cached: missing.length === 0 ? 'complete' : here.length === 0 ? 'no' : 'partial',
    digest: entries.length === 1 ? only?.entry?.digest : undefined,
    here: here.reduce((sum, { entry }) => sum + (entry?.size ?? 0), 0),
    size: entries.reduce((sum, { entry, size = 0 }) => sum + (entry?.size ?? size), 0),
    missing:
      entries.length === 1
        ? []
        : missing.map(({ key, entry, size = 0 }) => ({
            name: keyName(key),
            digest: entry?.digest,
            size: entry?.size ?? size,
          })),
  }
}

function absent(name: string): Lookup {
  return { name, cached: 'no', digest: undefined, here: 0, size: 0, missing: [] }
}

async function bytesOf(deps: Deps, key: EntryKey): Promise<Buffer> {
  return (await entryAndBytes(deps, key))?.bytes ?? Buffer.alloc(0)
}

/** A small document that is here. */
async function entryAndBytes(
  { index, parts }: Deps,
  key: EntryKey,
): Promise<{ readonly entry: Entry; readonly bytes: Buffer } | undefined> {
  const entry = index.entries.find(key)
  const row = entry === undefined || !isSha256(entry.digest) ? undefined : index.blobs.find(entry.digest)
  if (entry === undefined || row === undefined || row.size > LONGEST) return undefined
  const bytes = await parts.shelf.loadAll(row)
  return bytes === undefined ? undefined : { entry, bytes }
}

/** Bytes; lists of files are the longest. */
const LONGEST = 32 * 1024 * 1024
