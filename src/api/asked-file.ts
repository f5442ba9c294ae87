import { AppError } from '../domain/errors.ts'
import { HF_HOST } from '../domain/file-hosts.ts'
import { type FileName, fileText, parseFileName, sourceOf } from '../domain/file-names.ts'
import { because } from '../domain/reasons.ts'
import { type Address as GitAddress, repositoryOf as gitName, parseGitPath } from '../frontends/git/path.ts'
import { githubHost } from '../frontends/github/hosts.ts'
import { parseGithubPath } from '../frontends/github/path.ts'
import { type NamedResource, refOf } from '../frontends/github/resource.ts'
import { isModulePath } from '../frontends/go/module-path.ts'
import { isCanonical, isQuery } from '../frontends/go/version.ts'
import { encodePath, isCommit, type Repo, repositoryOf, shortName } from '../frontends/hf/name.ts'
import { parseHfPath } from '../frontends/hf/path.ts'

/** A file that somebody names, or all of a repository, as the front end that has it tells its parts apart. */
export type AskedFile = AskedModule | AskedGithub | AskedRepo | AskedGit

export interface AskedModule {
  readonly kind: 'go'
  readonly module: string
  /** A version, or what leads to one: a branch, a commit; undefined: the latest. */
  readonly version: string | undefined
}

export interface AskedGithub {
  readonly kind: 'github'
  /** Undefined: all of it. */
  readonly resource: NamedResource | undefined
  readonly repository: string
  /** Below the address of this cache, "/https://github.com/owner/repo/…"; "" for all of a repository. */
  readonly path: string
}

export interface AskedRepo {
  readonly kind: 'hf'
  readonly repo: Repo
  /** Undefined: the usual one. */
  readonly revision: string | undefined
  /** Undefined: all of it. */
  readonly path: string | undefined
  /** As git has it. */
  readonly isRaw: boolean
}

export interface AskedGit {
  readonly kind: 'git'
  readonly address: GitAddress
  /** Of a large file; undefined: its history. */
  readonly oid: string | undefined
}

export const DEFAULT_REVISION = 'main'

/**
 * A name as people write it: "go:golang.org/x/text@v0.3.0", "hf:org/model@main/config.json", "github:owner/repo/…".
 * Undefined for names of images. Throws AppError for what no front end takes.
 */
export function parseAskedName(text: string): AskedFile | undefined {
  const [, prefix, rest = ''] = /^(go|github|hf|git):(?!\/\/)(.+)$/is.exec(text) ?? []
  if (prefix?.toLowerCase() === 'hf' && REVISED.test(rest)) return parseRevision(rest)
  const name = prefix === undefined ? undefined : parseFileName(text)
  if (name === undefined) {
    if (prefix === undefined) return undefined
    throw noName(text, 'hf:org/model')
  }
  return askedOfName(name)
}

/** What is asked for by a name of the index. Throws AppError for what no front end takes. */
export function askedOfName(name: FileName): AskedFile {
  return READERS[name.kind](name)
}

function noName(name: string, example: string): AppError {
  return new AppError('name_invalid', because('no_file_name', { name, example }))
}

/** "org/model@…": what has one further behind is a path. */
const REVISED = /^(?:(?:models|datasets|spaces)\/)?[^/@]+(?:\/[^/@]+)?@/

const READERS: Readonly<Record<FileName['kind'], (name: FileName) => AskedFile>> = {
  go: ({ repository, file }) => askedModule(repository, file === 'latest' ? undefined : file),
  github: askedOfGithub,
  hf: askedOfHub,
  git: ({ repository, file }) => ({
    ...askedOfGit(`/${repository}`),
    oid: file?.replace(/^lfs\//, ''),
  }),
}

/** Throws AppError `name_invalid`. */
export function askedModule(module: string, version: string | undefined): AskedModule {
  const isRight = version === undefined || isCanonical(module, version) || isQuery(version)
  if (isModulePath(module) && isRight) return { kind: 'go', module, version }
  const message = isModulePath(module) ? `${version} is no version of this module` : 'malformed module path'
  throw new AppError('name_invalid', { message })
}

function askedOfGithub(name: FileName): AskedFile {
  const { repository } = name
  // Who may be meant is judged as that of an address.
  if (name.file === undefined) {
    if (!/^[\w-]+\/[\w.-]+$/.test(repository))
      throw new AppError('name_invalid', { message: 'malformed owner or repository' })
    return { kind: 'github', resource: undefined, repository, path: '' }
  }
  const { host, pathname, search } = new URL(sourceOf(name))
  return githubFile({ host, path: pathname, query: search.slice(1) })
}

/** The file at an address of one of GitHub's hosts. Throws AppError. */
export function githubFile({
  host,
  path,
  query,
}: {
  host: string
  path: string
  query: string
}): AskedGithub {
  const known = githubHost(host)
  const resource = known === undefined ? undefined : parseGithubPath({ host: known, path, query })
  if (resource === undefined || resource.kind === 'asset')
    throw new AppError('name_invalid', { message: 'this address was signed for somebody, and is not kept' })
  const mark = query === '' ? '' : `?${query}`
  return {
    kind: 'github',
    resource,
    repository: resource.repository,
    path: `/https://${known}${path}${mark}`,
  }
}

function askedOfHub({ repository, file }: FileName): AskedRepo {
  const short = repository.replace(/^models\//, '')
  if (file === undefined) return hubRepo(short, undefined)
  if (!file.includes('/')) throw noName(`hf:${short}/${file}`, `hf:${short}@main/${file}`)
  const tail = file.startsWith('raw/') ? file : `resolve/${file}`
  return hubFile(`/hf/${encodePath(short)}/${encodePath(tail)}`)
}

/** Branches of pull requests and converted data have names of three parts. */
const REVISION = /^(refs\/(?:pr|convert)\/[^/]+|[^/]+)(?:\/(.+))?$/s

/** "org/model@revision", perhaps with a path behind it. */
function parseRevision(text: string): AskedRepo {
  const at = text.indexOf('@')
  const short = text.slice(0, at).replace(/^models\//, '')
  const [, revision = '', path] = REVISION.exec(text.slice(at + 1)) ?? []
  if (path === undefined) return hubRepo(short, revision)
  return hubFile(`/hf/${encodePath(short)}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`)
}

/** All of a repository at some revision; `short` as in addresses of the hub. Throws AppError. */
export function hubRepo(short: string, revision: string | undefined): AskedRepo {
  const typed = /^(?:datasets|spaces)\//.test(short) ? short : `models/${short}`
  const tail = revision === undefined ? '' : `/revision/${encodeURIComponent(revision)}`
  const resource = parseHfPath(`/hf/api/${encodePath(typed)}${tail}`, '')
  if (resource?.kind !== 'info') throw new AppError('name_invalid')
  return { kind: 'hf', repo: resource.repo, revision, path: undefined, isRaw: false }
}

/** The file that a path of ours names, "/hf/org/model/resolve/main/config.json". Throws AppError. */
export function hubFile(path: string): AskedRepo {
  const resource = parseHfPath(path, '')
  if (resource?.kind !== 'file' && resource?.kind !== 'raw') throw new AppError('name_invalid')
  const { kind, repo, revision } = resource
  return { kind: 'hf', repo, revision, path: resource.path, isRaw: kind === 'raw' }
}

/** The repository at a path of ours, "/https://github.com/owner/repo". Throws AppError. */
export function askedOfGit(path: string): AskedGit {
  const op = parseGitPath({ method: 'GET', path: `${path}/info/refs`, query: 'service=git-upload-pack' })
  if (op?.kind !== 'refs') throw new AppError('name_invalid')
  // Throws where its host has rules of its own.
  gitName(op.address)
  return { kind: 'git', address: op.address, oid: undefined }
}

/** As the index and rules know it, with what can be said of the file without asking anybody. */
export function nameOfAsked(asked: AskedFile): FileName {
  switch (asked.kind) {
    case 'go':
      return { kind: 'go', repository: asked.module, file: asked.version }
    case 'github': {
      const { resource, repository } = asked
      const file =
        resource === undefined
          ? undefined
          : resource.kind === 'latest'
            ? `releases/latest/download/${resource.file}`
            : refOf(resource)
      return { kind: 'github', repository: repository.toLowerCase(), file }
    }
    case 'hf': {
      const { repo, revision = DEFAULT_REVISION, path, isRaw } = asked
      const file = path === undefined ? undefined : `${isRaw ? 'raw/' : ''}${revision}/${path}`
      return { kind: 'hf', repository: repositoryOf(repo), file }
    }
    case 'git':
      return {
        kind: 'git',
        repository: gitName(asked.address),
        file: asked.oid === undefined ? undefined : `lfs/${asked.oid}`,
      }
    default:
      return asked satisfies never
  }
}

/** As rules know it. Who denies files of GitHub means its history, too. */
export function targetsOf(asked: AskedFile): readonly { readonly name: string }[] {
  const { kind, repository } = nameOfAsked(asked)
  const own = { name: fileText({ kind, repository, file: undefined }) }
  const [host, ...path] = repository.split('/')
  return kind === 'git' && host === 'github.com' ? [own, { name: `github:${path.join('/')}` }] : [own]
}

/** As people write it, and as it is read again: its name, or its address where the name would be a glob, or end in a blank. */
export function textOfAsked(asked: AskedFile): string {
  const text = nameText(asked)
  if (!/[*?]|\s$/.test(text)) return text
  if (asked.kind === 'github') return asked.path.slice(1)
  return asked.kind === 'hf' ? `https://${HF_HOST}${hubPathOf(asked).slice('/hf'.length)}` : text
}

function nameText(asked: AskedFile): string {
  const name = nameOfAsked(asked)
  if (asked.kind !== 'hf' || asked.revision === undefined) return fileText(name)
  const { repo, revision, path, isRaw } = asked
  if (path !== undefined && (isRaw || isCommit(revision))) return fileText(name)
  return `hf:${shortName(repo)}@${revision}${path === undefined ? '' : `/${path}`}`
}

/** What the front end of the hub is asked for a file. */
export function hubPathOf({ repo, revision = DEFAULT_REVISION, path = '', isRaw }: AskedRepo): string {
  const word = isRaw ? 'raw' : 'resolve'
  return `/hf/${encodePath(shortName(repo))}/${word}/${encodeURIComponent(revision)}/${encodePath(path)}`
}
