import { fileOf } from './file-names.ts'
import type { EntryKey } from './names.ts'

type Named = Pick<EntryKey, 'frontEnd' | 'repository' | 'ref'>

/** How long what a ref of GitHub names stays what it is. What may be a branch is taken for one. */
export type RefLasting = 'always' | 'tag' | 'branch'

const COMMIT = /^[0-9a-f]{40}$/i
/** A branch may be called "1.2", but hardly "1.2.3". */
const VERSION = /^v?\d+\.\d+\.\d+(?:[.+-][\w.+-]*)?$/i

/** Of a ref, perhaps with a path behind it. */
export function lastingRef(text: string): RefLasting {
  if (text.startsWith('refs/tags/')) return 'tag'
  const first = text.split('/', 1)[0] ?? ''
  if (COMMIT.test(first)) return 'always'
  return VERSION.test(first) ? 'tag' : 'branch'
}

/**
 * Whether a name beside images says what something is at the moment: lists, branches, pointers. What it said long ago is
 * of no use to anybody who can ask again.
 */
export function isPassing(entry: Named): boolean {
  const { frontEnd, repository, ref } = entry
  switch (frontEnd) {
    case 'oci':
    case 'git':
      return false
    case 'go':
      if (repository.startsWith('sumdb/')) return ref === 'latest'
      return fileOf(entry) === undefined && /^@(?:latest|v\/list|v\/.*\.info)$/s.test(ref)
    case 'github':
      return isPassingOfGithub(entry)
    case 'hf':
      return /^(?:refs|auth-check)(?:\?|$)|^manifests\//.test(ref) || isBranchOfHub(ref)
    default:
      return frontEnd satisfies never
  }
}

function isBranchOfHub(ref: string): boolean {
  const [, revision] = /^revision\/(.*)$/s.exec(ref) ?? []
  return revision !== undefined && !COMMIT.test(revision)
}

function isPassingOfGithub(entry: Named): boolean {
  const lasting = lastingOfGithub(entry)
  // By its number an asset is what it is.
  if (lasting === 'api') return !/^api\/releases\/assets\/\d+ \(.*octet-stream/.test(entry.ref)
  return lasting === 'branch'
}

/** Of what is cached of GitHub, by its name in the index: "archive/main.zip". api: an answer of the API. */
export function lastingOfGithub({
  repository,
  ref,
}: Pick<EntryKey, 'repository' | 'ref'>): RefLasting | 'api' {
  const [, area = '', rest = ''] = /^(api|releases\/download|[a-z]+)(?:[/?](.*))?$/s.exec(ref) ?? []
  switch (area) {
    case 'api':
      return 'api'
    case 'releases/download':
      return 'tag'
    case 'archive':
      return lastingRef(rest.replace(/\.(?:zip|tar\.gz)$/, ''))
    default:
      return repository.startsWith('gist/') ? lastingGist(rest) : lastingRef(rest)
  }
}

/** Of what stands behind "raw" in the address of a gist: a revision has a file behind it. */
export function lastingGist(path: string): RefLasting {
  return path.includes('/') && lastingRef(path) === 'always' ? 'always' : 'branch'
}
