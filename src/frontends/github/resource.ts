/** What an address of GitHub names. `repository` is "owner/repo" as it was asked for, "gist/ID" for a gist. */
export type GithubResource =
  | { readonly kind: 'release'; readonly repository: string; readonly tag: string; readonly file: string }
  /** A file of whatever release is the latest. */
  | { readonly kind: 'latest'; readonly repository: string; readonly file: string }
  | Archive
  /** A file as it is in git. `isPage`: asked for as github.com shows it, so a large one is meant itself, not its pointer. */
  | { readonly kind: 'raw'; readonly repository: string; readonly path: string; readonly isPage: boolean }
  /** A large file (git-lfs). */
  | { readonly kind: 'media'; readonly repository: string; readonly path: string }
  /** `path` is what stands behind "raw": nothing, a file, or a revision and a file. */
  | { readonly kind: 'gist'; readonly repository: string; readonly user: string; readonly path: string }
  | ApiCall
  | StoredAsset

export interface Archive {
  readonly kind: 'archive'
  readonly repository: string
  readonly format: ArchiveFormat
  /** Branch, tag, commit, or "refs/…". */
  readonly ref: string
  /** Which of the hosts that have it was asked. */
  readonly via: 'github.com' | 'codeload.github.com' | 'api.github.com'
}

/** As github.com calls them; the balls are what its API gives. */
export type ArchiveFormat = 'zip' | 'tar.gz' | 'zipball' | 'tarball'

export interface ApiCall {
  readonly kind: 'api'
  /** "owner/repo", "gist/ID", or "owner" for what is about no repository in particular. */
  readonly repository: string
  /** What comes before that in the path. */
  readonly area: 'repos' | 'gists' | 'users' | 'orgs'
  /** Raw, what follows the name: "" or "/releases/latest". */
  readonly rest: string
  /** Raw, without its question mark. */
  readonly query: string
}

/** An asset of a release where it is stored, under an address that is signed for whoever was sent there. */
export interface StoredAsset {
  readonly kind: 'asset'
  readonly host: 'objects.githubusercontent.com' | 'release-assets.githubusercontent.com'
  /** The number of its repository. */
  readonly repositoryId: string
  readonly path: string
  readonly query: string
}

/** Everything that belongs to a repository with a name. */
export type NamedResource = Exclude<GithubResource, StoredAsset>

/** The rest of an entry's name. API calls say more, since their answers depend on more than the address. */
export function refOf(resource: Exclude<NamedResource, { kind: 'latest' }>): string {
  switch (resource.kind) {
    case 'release':
      return `releases/download/${resource.tag}/${resource.file}`
    case 'archive':
      return archiveRef(resource)
    case 'raw':
    case 'media':
      return `${resource.kind}/${resource.path}`
    case 'gist':
      return resource.path === '' ? 'raw' : `raw/${resource.path}`
    case 'api':
      return `api${resource.rest}${resource.query === '' ? '' : `?${resource.query}`}`
    default:
      return resource satisfies never
  }
}

function archiveRef({ format, ref }: Archive): string {
  return format === 'zip' || format === 'tar.gz' ? `archive/${ref}.${format}` : `${format}/${ref}`
}

/** The same of another repository, which is what a renamed one is by now. */
export function inRepository<R extends NamedResource>(resource: R, repository: string): R {
  return { ...resource, repository }
}

/** The name of the file that somebody gets. */
export function fileNameOf(resource: GithubResource): string {
  switch (resource.kind) {
    case 'release':
    case 'latest':
      return resource.file
    case 'archive':
      return archiveName(resource)
    case 'api':
      return lastOf(resource.rest)
    case 'raw':
    case 'media':
    case 'gist':
    case 'asset':
      return lastOf(resource.path)
    default:
      return resource satisfies never
  }
}

function archiveName({ repository, format, ref }: Archive): string {
  const end = format === 'zip' || format === 'zipball' ? 'zip' : 'tar.gz'
  const name = `${lastOf(repository)}-${ref.replace(/^refs\/(?:heads|tags)\//, '').replaceAll('/', '-')}`
  return `${name}.${end}`
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
