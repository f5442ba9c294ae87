/** Which protocol adapter a request or an entry belongs to. */
export type FrontEndName = 'oci' | 'go' | 'github' | 'hf' | 'git'

/** The registry of names without one, and what its upstream is called. */
export const DOCKER_HUB = 'docker.io'

/**
 * How an answer came about. A person meets these words in the X-Cache header, the log and the console:
 * hit (ours, nobody asked), miss (fetched for this request), joined (a running download was shared),
 * revalidated (ours, the upstream confirmed it), stale (ours, the upstream could not be asked),
 * bypass (passed through, not kept).
 */
export type Outcome = 'hit' | 'miss' | 'joined' | 'revalidated' | 'stale' | 'bypass'

/**
 * The name of a cached thing. It holds everything that decides trust or content, so two requests with equal
 * keys may share an entry. `ref` is a tag, a digest or a path below the repository. For all but registries `upstream`
 * is the name of the front end, whatever host was asked.
 */
export interface EntryKey {
  readonly frontEnd: FrontEndName
  readonly upstream: string
  readonly repository: string
  readonly kind: EntryKind
  readonly ref: string
}

export type EntryKind = 'manifest' | 'blob' | 'tags' | 'referrers' | 'file'

/** A key as one string, for maps. NUL cannot occur in any part. */
export function keyText(key: EntryKey): string {
  return `${key.frontEnd}\0${key.upstream}\0${key.repository}\0${key.kind}\0${key.ref}`
}

/**
 * A key as people write it: "docker.io/library/nginx:1.27", "ghcr.io/a/b@sha256:…", "go:golang.org/x/text/@v/list",
 * "hf:org/model/main/config.json".
 */
export function keyName(key: EntryKey): string {
  const { upstream, repository, kind, ref } = key
  if (key.frontEnd !== 'oci') return `${repositoryName(key)}/${ref}`
  const name = `${upstream}/${repository}`
  if (kind === 'tags' || kind === 'referrers') return `${name} (${kind})`
  return `${name}${ref.includes(':') ? '@' : ':'}${ref}`
}

/** A repository as people and rules write it: "docker.io/library/nginx", "github:owner/repo", "hf:org/model". */
export function repositoryName({
  frontEnd,
  upstream,
  repository,
}: Pick<EntryKey, 'frontEnd' | 'upstream' | 'repository'>): string {
  if (frontEnd === 'oci') return `${upstream}/${repository}`
  return `${frontEnd}:${frontEnd === 'hf' ? repository.replace(/^models\//, '') : repository}`
}
