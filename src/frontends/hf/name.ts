/** What the hub keeps: each kind has a prefix of its own in addresses, models have none. */
export const REPO_TYPES = ['models', 'datasets', 'spaces'] as const

export type RepoType = (typeof REPO_TYPES)[number]

/** One repository of the hub. Old models and datasets have a name without an owner. */
export interface Repo {
  readonly type: RepoType
  /** "org/name", as it was asked for. */
  readonly name: string
}

export function isRepoType(text: string): text is RepoType {
  return REPO_TYPES.some((type) => type === text)
}

/** One component of a repository's name, as the hub lets people choose it. */
export function isNamePart(text: string): boolean {
  return /^[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/.test(text) && !/\.\.|--/.test(text)
}

/** As the cache knows it: "models/org/name". */
export function repositoryOf({ type, name }: Repo): string {
  return `${type}/${name}`
}

/** As people and rules write it: "org/name", "datasets/org/name". */
export function shortName({ type, name }: Repo): string {
  return type === 'models' ? name : `${type}/${name}`
}

/** A commit is named by all of its hash: nothing about it ever changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

/** A branch, a tag, or a beginning of a commit's hash (git-check-ref-format). */
export function isRevision(text: string): boolean {
  const hasOddities = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\.lock(?:\/|$)/u.test(text)
  const hasOddEnds = /^[-/.]|[/.]$|\/\./.test(text)
  return text !== '' && text.length <= 255 && text !== '@' && !hasOddities && !hasOddEnds
}

/** The path of a file or folder in a repository. */
export function isFilePath(text: string): boolean {
  if (text === '' || text.length > 1024 || /[\p{Cc}\\]/u.test(text)) return false
  return text.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git')
}

/** Components encoded one by one, for addresses of the hub and of ours. */
export function encodePath(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/')
}
