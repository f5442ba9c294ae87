import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { type FileName, fileText } from '../domain/file-names.ts'
import { createGlob } from '../domain/glob.ts'
import { because } from '../domain/reasons.ts'
import { sideBySide } from '../domain/side-by-side.ts'
import { encodeElement, escapeName } from '../frontends/go/escape.ts'
import { isCanonical } from '../frontends/go/version.ts'
import type { InsideAnswer } from '../frontends/inside.ts'
import type { Watch } from '../jobs/watch.ts'
import {
  type AskedFile,
  type AskedGit,
  type AskedGithub,
  type AskedModule,
  type AskedRepo,
  DEFAULT_REVISION,
  hubPathOf,
  textOfAsked,
} from './asked-file.ts'
import type { FetchReport } from './contract-work.ts'
import type { ApiDeps } from './deps.ts'
import { aboutPath, filesIn, MOST_FILES, nextIn, type TreeFile, treePath } from './hub-tree.ts'
import { lookUpFile } from './lookup-file.ts'
import { parseLoose, textOf } from './loose.ts'

type Deps = Pick<ApiDeps, 'index' | 'parts' | 'inside'>

export interface FileFetch {
  readonly access: Access
  readonly watch: Watch
  /** Globs on paths of files, for all of a model. Without a slash they are about the name alone. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * Brings in a file, a version of a module, all of a model, or the history of a repository, as a client that asks for it
 * would. Rejects with AppError as that client would be refused, and where it could not be kept.
 */
export async function fetchFile(deps: Deps, asked: AskedFile, ask: FileFetch): Promise<FetchReport> {
  switch (asked.kind) {
    case 'go':
      return await fetchModule(deps, asked, ask)
    case 'github':
      return await fetchGithub(deps, asked, ask)
    case 'hf':
      return await (asked.path === undefined ? fetchRepo : fetchHubFile)(deps, asked, ask)
    case 'git':
      return await fetchHistory(deps, asked, ask)
    default:
      return asked satisfies never
  }
}

async function fetchModule(deps: Deps, asked: AskedModule, ask: FileFetch): Promise<FetchReport> {
  const bringer = createBringer(deps, textOfAsked(asked), ask)
  const version = await resolved(deps, asked, ask)
  const base = `/go/${escaped(asked.module)}/@v/${encodeElement(escapeName(version))}`
  await bringer.all(['info', 'mod', 'zip'].map((suffix) => ({ path: `${base}.${suffix}`, size: 0 })))
  return await bringer.report({ kind: 'go', module: asked.module, version })
}

/** What a branch, a commit or nothing at all leads to now. */
async function resolved(deps: Deps, asked: AskedModule, ask: FileFetch): Promise<string> {
  const { module, version } = asked
  if (version !== undefined && isCanonical(module, version)) return version
  const file = version === undefined ? '@latest' : `@v/${encodeElement(escapeName(version))}.info`
  const { body } = await askFor(deps, `/go/${escaped(module)}/${file}`, { ...ask, name: textOfAsked(asked) })
  const found = textOf(parseLoose(body)['Version'])
  if (found !== undefined && isCanonical(module, found)) return found
  throw new AppError('upstream_invalid', { detail: { said: 'it names no version' } })
}

function escaped(module: string): string {
  return module.split('/').map(escapeName).join('/')
}

async function fetchGithub(deps: Deps, asked: AskedGithub, ask: FileFetch): Promise<FetchReport> {
  if (asked.resource === undefined) {
    const name = textOfAsked(asked)
    const history = `git:github.com/${asked.repository}`
    throw new AppError('bad_request', because('which_file', { name, history }))
  }
  const bringer = createBringer(deps, textOfAsked(asked), ask)
  await bringer.all([{ path: asked.path, size: 0 }])
  return await bringer.report(asked)
}

async function fetchHubFile(deps: Deps, asked: AskedRepo, ask: FileFetch): Promise<FetchReport> {
  const bringer = createBringer(deps, textOfAsked(asked), ask)
  await bringer.all([{ path: hubPathOf(asked), size: 0 }])
  return await bringer.report(asked)
}

/** All files of one commit. What it says of itself comes along: clients ask for that first. */
async function fetchRepo(deps: Deps, asked: AskedRepo, ask: FileFetch): Promise<FetchReport> {
  const { repo, revision = DEFAULT_REVISION } = asked
  const name = textOfAsked(asked)
  const { files, commit } = await listed(deps, treePath(repo, revision), { ...ask, name })
  await askFor(deps, aboutPath(repo, revision), { ...ask, name })
  const wanted = files.filter(chooser(ask)).map(({ path, size }) => ({
    path: hubPathOf({ ...asked, revision: commit ?? revision, path }),
    size,
    label: path,
  }))
  const bringer = createBringer(deps, name, ask)
  await bringer.all(wanted)
  return await bringer.report(wanted.length === files.length ? asked : undefined)
}

interface Listed {
  readonly files: readonly TreeFile[]
  readonly commit: string | undefined
}

async function listed(deps: Deps, first: string, ask: NamedFetch): Promise<Listed> {
  const files: TreeFile[] = []
  let commit: string | undefined
  let path: string | undefined = first
  while (path !== undefined && files.length < MOST_FILES) {
    const { body, headers }: InsideAnswer = await askFor(deps, path, ask)
    commit ??= headers['x-repo-commit']
    files.push(...filesIn(body))
    path = nextIn(headers['link'])
  }
  return { files, commit }
}

/** As the hub's own client takes patterns, but with our globs. */
function chooser({ include, exclude }: Pick<FileFetch, 'include' | 'exclude'>) {
  const [taken, left] = [include.map(toMatch), exclude.map(toMatch)]
  return ({ path }: TreeFile): boolean =>
    (taken.length === 0 || taken.some((matches) => matches(path))) && !left.some((matches) => matches(path))
}

function toMatch(pattern: string): (path: string) => boolean {
  const matches = createGlob(pattern)
  return pattern.includes('/') ? matches : (path) => matches(path.slice(path.lastIndexOf('/') + 1))
}

async function fetchHistory(deps: Deps, asked: AskedGit, { access, watch }: FileFetch): Promise<FetchReport> {
  if (asked.oid !== undefined) {
    const history = textOfAsked({ ...asked, oid: undefined })
    throw new AppError('bad_request', because('which_file', { name: textOfAsked(asked), history }))
  }
  watch.progress({ subject: textOfAsked(asked), done: 0, total: 1, bytes: 0, bytesTotal: 0 })
  const { signal } = watch
  const { name, bytes, before } = await deps.inside.git.fetchMirror(asked.address, { access, signal })
  const text = fileText({ kind: 'git', repository: name, file: undefined } satisfies FileName)
  return { name: text, digest: undefined, platforms: [], blobs: 1, before: Number(before), bytes }
}

interface Wanted {
  /** Of ours, raw. */
  readonly path: string
  /** Bytes, as far as that is known. */
  readonly size: number
  /** What people call it beside the others. */
  readonly label?: string
}

/** Files of one name that are fetched side by side. */
const AT_ONCE = 3
/** Outcomes of what was cached before. */
const HERE: ReadonlySet<string> = new Set(['hit', 'revalidated', 'stale'])
/** Refused by whoever runs this, file by file: that keeps nobody from having the others. */
const LEFT: ReadonlySet<string> = new Set(['denied', 'too_large'])

function createBringer(deps: Deps, name: string, ask: FileFetch) {
  const { watch } = ask
  const left: { name: string; why: string }[] = []
  let [done, before, bytes, bytesTotal, total] = [0, 0, 0, 0, 0]
  const step = (subject: string): void => watch.progress({ subject, done, total, bytes, bytesTotal })

  const bring = async ({ path, size, label }: Wanted, signal: AbortSignal): Promise<void> => {
    let isSized = size > 0
    const took = (more: number, stated: number | undefined): void => {
      if (!isSized) bytesTotal += stated ?? 0
      isSized = true
      bytes += more
      step(label ?? name)
    }
    const { notes } = await askFor(deps, path, { ...ask, name, signal, took })
    if (HERE.has(notes.outcome ?? '')) before++
    done++
    step(label ?? name)
  }

  const bringOrLeave = async (wanted: Wanted, signal: AbortSignal): Promise<void> => {
    try {
      await bring(wanted, signal)
    } catch (error) {
      const isLeft = wanted.label !== undefined && error instanceof AppError && LEFT.has(error.code)
      if (!isLeft) throw error
      left.push({ name: wanted.label ?? name, why: error.message })
    }
  }

  return {
    /** Rejects with the first thing that is wrong; the others are not gone on with then. */
    all: async (wanted: readonly Wanted[]): Promise<void> => {
      total = wanted.length
      bytesTotal = wanted.reduce((sum, { size }) => sum + size, 0)
      await sideBySide(wanted, AT_ONCE, (one, others) =>
        bringOrLeave(one, AbortSignal.any([watch.signal, others])),
      )
    },
    /** Throws where what was asked for is not here afterwards; undefined: a part of it was. */
    report: async (asked: AskedFile | undefined): Promise<FetchReport> => {
      await landed(deps)
      const found = asked === undefined ? undefined : await lookUpFile(deps, asked)
      const isKept = found === undefined || found.cached === 'complete' || left.length > 0
      if (!isKept) throw new AppError('upstream_failed', because('not_kept', { name: found.name }))
      const report = { name: found?.name ?? name, digest: found?.digest, platforms: [] }
      return { ...report, blobs: done, before, bytes, ...(left.length === 0 ? {} : { left }) }
    },
  }
}

interface NamedFetch extends FileFetch {
  readonly name: string
  readonly signal?: AbortSignal
  readonly took?: (bytes: number, total: number | undefined) => void
}

/** Bytes of a document that is read here. */
const LONGEST = 32 * 1024 * 1024

async function askFor(deps: Deps, path: string, ask: NamedFetch): Promise<InsideAnswer> {
  const { access, watch, name, signal = watch.signal, took } = ask
  const read = took === undefined ? { most: LONGEST } : { took }
  try {
    return await deps.inside.ask({ path, access, signal, ...read })
  } catch (error) {
    throw error instanceof AppError && isMissing(error) ? missing(name, error) : error
  }
}

/** What protocols say with a plain 404 of theirs is here about something that somebody wanted to have. */
function isMissing({ code, detail }: AppError): boolean {
  return code === 'not_found' && (detail.upstream !== undefined || detail.status !== undefined)
}

/** The hub says the same of what is not there and of what is private. */
function missing(name: string, cause: AppError): AppError {
  const { detail } = cause
  const isHidden = detail.status === 401 || detail.status === 403
  const { said: _said, ...plain } = detail
  return new AppError('upstream_not_found', {
    ...(isHidden ? because('hidden_upstream', { name }) : because('missing_upstream', { name })),
    detail: isHidden ? plain : detail,
    cause,
  })
}

/** Clients have the last byte a moment before the index has the row. */
async function landed({ parts }: Deps): Promise<void> {
  const complete = parts.flights.list().filter(({ progress: { done, size } }) => done === size)
  await Promise.allSettled(complete.map((flight) => flight.landed))
}
