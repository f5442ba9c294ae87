import { type EntryKey, type FrontEndName, repositoryName } from './names.ts'

/** Everything but images. */
export type FileKind = Exclude<FrontEndName, 'oci'>

/**
 * What people take for one thing: a file of GitHub or of a model, a large file of git, a version of a Go module with
 * all that belongs to it. `file` undefined: all of a repository.
 */
export interface FileName {
  readonly kind: FileKind
  /** As in an `EntryKey`: "golang.org/x/text", "owner/repo", "models/org/name", "github.com/owner/repo". */
  readonly repository: string
  /** "v0.3.0", "releases/download/v1/x.tgz", "<commit>/config.json", "lfs/<oid>" */
  readonly file: string | undefined
}

export type WholeFileName = FileName & { readonly file: string }

type Named = Pick<EntryKey, 'frontEnd' | 'repository' | 'ref'>

/** The file that an entry belongs to; undefined for what is kept beside files: pointers, lists, notes, proofs. */
export function fileOf({ frontEnd, repository, ref }: Named): WholeFileName | undefined {
  switch (frontEnd) {
    case 'oci':
      return undefined
    case 'go': {
      const version = repository.startsWith('sumdb/') ? undefined : GO_FILE.exec(ref)?.[1]
      return version === undefined ? undefined : { kind: frontEnd, repository, file: version }
    }
    case 'github':
      // What a number of GitHub's stands for is a note.
      return repository.includes('/') && GITHUB_FILE.test(ref) && !/^repositories\/\d+$/.test(repository)
        ? { kind: frontEnd, repository, file: ref }
        : undefined
    case 'hf':
      return HF_FILE.test(ref) ? { kind: frontEnd, repository, file: ref } : undefined
    case 'git':
      return { kind: frontEnd, repository, file: ref }
    default:
      return frontEnd satisfies never
  }
}

/** The same, and for the hash of a version, which is known by it alone, that version. */
export function keptWith(entry: Named): WholeFileName | undefined {
  const { frontEnd, repository, ref } = entry
  const version = frontEnd === 'go' ? GO_HASH.exec(ref)?.[1] : undefined
  return version === undefined ? fileOf(entry) : { kind: 'go', repository, file: version }
}

/** Every `ref` that `keptWith` takes for this file. */
export function refsOf({ kind, file }: WholeFileName): readonly string[] {
  return kind === 'go' ? GO_SUFFIXES.map((suffix) => `@v/${file}.${suffix}`) : [file]
}

const GO_SUFFIXES = ['info', 'mod', 'zip', 'modhash', 'ziphash']
const GO_HASH = /^@v\/(v\d+\.\d+\.\d+[^/]*)\.(?:mod|zip)hash$/
const GO_FILE = /^@v\/(v\d+\.\d+\.\d+[^/]*)\.(?:info|mod|zip)$/
const GITHUB_FILE = /^(?:releases\/download|archive|zipball|tarball|raw|media|api)(?:[/?]|$)/
const HF_FILE = /^(?:raw\/)?[0-9a-f]{40}\//

/** "go:golang.org/x/text@v0.3.0", "hf:org/model/<commit>/config.json", "github:owner/repo" */
export function fileText({ kind, repository, file }: FileName): string {
  const name = repositoryName({ frontEnd: kind, upstream: kind, repository })
  if (file === undefined) return name
  return `${name}${kind === 'go' ? '@' : '/'}${file}`
}

/** A name as `fileText` writes it, and entries of modules in full; undefined for what is none, and globs. Never throws. */
export function parseFileName(text: string): FileName | undefined {
  return /[*?]/.test(text) ? undefined : parseFullName(text)
}

/** The same where no glob is meant: some files are called like one ("github:owner/repo/api/releases?page=2"). */
export function parseFullName(text: string): FileName | undefined {
  const [, prefix = '', rest = ''] = /^(go|github|hf|git):(.+)$/is.exec(text) ?? []
  const path = rest.replace(/\/+$/, '')
  if (path === '' || path.split('/').includes('')) return undefined
  switch (prefix.toLowerCase()) {
    case 'go':
      return parseGo(path)
    case 'github':
      return parseGithub(path)
    case 'hf':
      return parseHf(path)
    default:
      return parseGit(path)
  }
}

function parseGo(path: string): FileName {
  const entry = path.indexOf('/@v/')
  const file = entry < 0 ? undefined : GO_FILE.exec(path.slice(entry + 1))?.[1]
  if (file !== undefined) return { kind: 'go', repository: path.slice(0, entry), file }
  const [repository = '', version] = path.split('@', 2)
  return { kind: 'go', repository, file: version === '' ? undefined : version }
}

/** Repositories with and without an owner are told apart by the commit that comes next. */
function parseHf(path: string): FileName {
  const parts = path.split('/')
  const isTyped = /^(?:models|datasets|spaces)$/.test(parts[0] ?? '')
  const typed = isTyped ? path : `models/${path}`
  const at = typed
    .split('/')
    .findIndex((part, i, all) => COMMIT.test(part) || (part === 'raw' && all.length > i + 2))
  return { kind: 'hf', ...parted(typed, at === 2 ? 2 : 3) }
}

const COMMIT = /^[0-9a-f]{40}$/

function parseGit(path: string): FileName {
  const [, repository = path, file] = /^(.+?)(?:\.git)?\/(lfs\/[0-9a-f]{64})$/.exec(path) ?? []
  return { kind: 'git', repository: withoutGitCase(repository.replace(/\.git$/, '')), file }
}

/** Hosts have no case, and at GitHub nothing else has. */
export function withoutGitCase(path: string): string {
  const host = path.split('/', 1)[0] ?? ''
  const known = host.toLowerCase()
  return known === 'github.com' ? path.toLowerCase() : known + path.slice(host.length)
}

/** Its owners and repositories have no case. */
function parseGithub(path: string): FileName {
  const { repository, file } = parted(path, 2)
  return { kind: 'github', repository: repository.toLowerCase(), file }
}

/** The first parts of a path as a repository, the others as a file. */
function parted(path: string, count: number): Pick<FileName, 'repository' | 'file'> {
  const parts = path.split('/')
  const file = parts.slice(count).join('/')
  return { repository: parts.slice(0, count).join('/'), file: file === '' ? undefined : file }
}

/** Where people find it in the world; of a version of a module, the page about it. */
export function sourceOf({ kind, repository, file }: FileName): string {
  const name = encoded(repository)
  switch (kind) {
    case 'go':
      return `https://pkg.go.dev/${name}${file === undefined ? '' : `@${encoded(file)}`}`
    case 'git':
      // A port stays one.
      return `https://${name.replace(/^([^/]*)%3A(\d+\/)/i, '$1:$2')}`
    case 'github':
      return githubSource(name, file)
    case 'hf':
      return hfSource(name.replace(/^models\//, ''), file)
    default:
      return kind satisfies never
  }
}

function githubSource(name: string, file: string | undefined): string {
  const home = name.startsWith('gist/')
    ? `https://gist.github.com/${name.slice(5)}`
    : `https://github.com/${name}`
  if (file === undefined) return home
  const [area = '', ...rest] = file.split('/')
  const path = encoded(rest.join('/'))
  if (area.startsWith('api')) return `https://api.github.com/repos/${name}${file.slice('api'.length)}`
  if (name.startsWith('gist/')) return `${home}/${encoded(file)}`
  if (area === 'raw') return `https://raw.githubusercontent.com/${name}/${path}`
  if (area === 'media') return `https://media.githubusercontent.com/media/${name}/${path}`
  return `${home}/${encoded(file)}`
}

function hfSource(name: string, file: string | undefined): string {
  const home = `https://huggingface.co/${name}`
  if (file === undefined) return home
  return file.startsWith('raw/') ? `${home}/${encoded(file)}` : `${home}/resolve/${encoded(file)}`
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/**
 * Everything that rules may call a repository, by its name ("docker.io/library/nginx", "git:github.com/owner/repo"): who
 * denies files of GitHub means their history, too. All of them must be allowed.
 */
export function ruleNamesOf(repository: string): readonly string[] {
  const [, path] = /^git:github\.com\/(.+)$/.exec(repository) ?? []
  return path === undefined ? [repository] : [repository, `github:${path}`]
}
