/** What is cached, one level deeper than the lists. */
import type { ApiError, ImageRow, Page, PlatformRow, Sizes, TagState, Use } from './contract.ts'

/** A node of the tree of names: an upstream, a part of a path, or a repository. */
export interface TreeNode extends Sizes, Use {
  /** "docker.io", "docker.io/library", "docker.io/library/nginx" */
  readonly path: string
  /** What it is called below its parent; chains of single children are one node: "library/nginx". */
  readonly label: string
  readonly kind: 'upstream' | 'group' | 'repository'
  readonly repositories: number
  readonly tags: number
  readonly pinned: boolean
}

export interface TagRowFull extends Sizes {
  readonly tag: string
  readonly digest: string
  readonly mediaType: string | undefined
  /** Other tags of the repository with the same digest. */
  readonly aliases: readonly string[]
  readonly platforms: readonly Pick<PlatformRow, 'platform' | 'state'>[]
  /** When it was made, as its config says; of several platforms, the youngest. Undefined where none says. */
  readonly created: number | undefined
  readonly checkedAt: number
  readonly state: TagState
  /** Since when the upstream does not have it any more; undefined: it has, as far as it said. */
  readonly goneAt: number | undefined
  /** Where the upstream's tag leads by now; undefined: here, as far as it said. */
  readonly upstreamDigest: string | undefined
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
  readonly pinned: boolean
}

export interface TagQuery {
  readonly name: string
  /** The filter grammar; words without a sign are part of the tag. */
  readonly filter?: string
  /** "version" (newest first, the default), "tag", "total", "onlyHere", "created", "lastUsed", "pulls"; "-": turned. */
  readonly sort?: string
  readonly limit?: number
  readonly cursor?: string
}

export interface HistoryRow {
  /** The command, as the image says; cleaned of control characters. */
  readonly command: string
  readonly createdAt: string | undefined
  /** Undefined: it made no layer. */
  readonly layer: { readonly digest: string; readonly size: number; readonly here: boolean } | undefined
}

/** One manifest, read from what is here. */
export interface ManifestDetail {
  readonly digest: string
  readonly mediaType: string | undefined
  readonly size: number
  /** As it is stored; undefined beyond 1 MiB. */
  readonly raw: string | undefined
  /** Undefined: the config is not cached. */
  readonly config:
    | {
        readonly raw: string
        readonly platform: string | undefined
        readonly createdAt: string | undefined
        readonly user: string | undefined
        readonly entrypoint: readonly string[]
        readonly command: readonly string[]
        readonly workdir: string | undefined
        readonly env: readonly string[]
        readonly ports: readonly string[]
        readonly volumes: readonly string[]
        readonly labels: Readonly<Record<string, string>>
      }
    | undefined
  readonly history: readonly HistoryRow[]
  /** Rebuilt from the history. */
  readonly dockerfile: string
  readonly annotations: Readonly<Record<string, string>>
  /** Of those that are cached. */
  readonly referrers: readonly {
    readonly digest: string
    readonly artifactType: string | undefined
    readonly size: number
  }[]
}

/** What an upstream says of a name that is cached. */
export interface CheckedName {
  readonly name: string
  /** What is cached under it; undefined: nothing. */
  readonly digest: string | undefined
  /** What its upstream has under it, where it said. */
  readonly upstreamDigest: string | undefined
  /** moved: the upstream has something else there; gone: it has nothing there; failed: it said neither. */
  readonly state: 'same' | 'moved' | 'gone' | 'failed'
  /** Where it failed. */
  readonly error?: ApiError
}

/** Another repository, and how many bytes it has in common with the one that was asked for. */
export interface SharedWith {
  readonly name: string
  readonly bytes: number
}

export interface ContentsApi {
  /** Children of a node; without a path, the upstreams. */
  'GET /tree': { in: { path?: string }; out: { items: readonly TreeNode[] } }
  /** Tags of a repository. */
  'GET /tags': { in: TagQuery; out: Page<TagRowFull> }
  /** The neighbours of a tag in the order of versions, the newest first. */
  'GET /tags/beside': { in: { name: string }; out: { before: string | undefined; after: string | undefined } }
  /** With which repositories a repository shares content: the fifty that have the most of it, and how many there are. */
  'GET /repositories/usage': { in: { name: string }; out: { items: readonly SharedWith[]; total: number } }
  /** Images of a repository that have no tag, or are parts of one. */
  'GET /digests': {
    in: { name: string; limit?: number; cursor?: string }
    out: Page<ImageRow & { readonly parents: readonly string[] }>
  }
  /** One manifest with its config: "docker.io/library/nginx@sha256:…", or a tag. */
  'GET /manifest': { in: { name: string }; out: ManifestDetail }
  /** Asks the upstreams of up to a hundred cached names, which costs no pull; what is cached stays as it is. */
  'POST /check': { in: { names: readonly string[] }; out: { items: readonly CheckedName[] } }
}
