/** What is cached beside images: files of GitHub and Hugging Face, Go modules, repositories of git. */
import type { FileKind } from '../domain/file-names.ts'
import type { ListQuery, Nothing, Page, Use } from './contract.ts'

export type { FileKind } from '../domain/file-names.ts'

/**
 * A file, a version of a Go module, or the mirror of a git repository. Sizes are bytes on disk; `onlyHere` is what
 * removing it frees, since forks and revisions share bytes; with the last file of a repository also go lists and notes
 * about it. `pulls` counts its uses.
 */
export interface FileRow extends Use {
  /** "github:owner/repo/releases/download/v1/x.tgz", "hf:org/model/<commit>/config.json", "go:golang.org/x/text@v0.3.0" */
  readonly name: string
  readonly kind: FileKind
  /** "owner/repo", "org/model", "datasets/org/name", "golang.org/x/text", "github.com/owner/repo" */
  readonly repository: string
  /** The rest of its name; "" for a mirror, which is the whole repository. */
  readonly file: string
  /** Where people find it in the world. */
  readonly source: string
  readonly total: number
  readonly onlyHere: number
  readonly checkedAt: number
  /** fresh: answered without asking; due: asked about at the next use; gone: its upstream does not have it any more. */
  readonly state: 'fresh' | 'due' | 'gone'
  readonly pinned: boolean
}

/** What a file is made of: one entry, several for a version of a module. */
export interface FileEntry {
  /** "go:golang.org/x/text/@v/v0.3.0.zip" */
  readonly name: string
  readonly digest: string
  readonly size: number
  readonly mediaType: string | undefined
  readonly etag: string | undefined
  readonly fetchedAt: number
  readonly checkedAt: number
}

export interface FileDetail {
  readonly file: FileRow
  /** Empty for mirrors. */
  readonly entries: readonly FileEntry[]
  /** Names of other files with the same bytes that whoever asks may see, at most ten. */
  readonly sharedWith: readonly string[]
}

/** How much of each kind is here, for the tabs of the list. */
export interface FileSums {
  readonly kind: FileKind
  readonly files: number
  readonly bytes: number
}

/** `kind`: only of this one. Sort columns: name, total, onlyHere, firstCached, lastUsed, pulls. */
export interface FileQuery extends ListQuery {
  readonly kind?: FileKind
}

export interface FilesApi {
  /** One row per file. */
  'GET /files': { in: FileQuery; out: Page<FileRow> }
  /** How many files of each kind there are; kinds without any are left out. */
  'GET /files/kinds': { in: Nothing; out: { items: readonly FileSums[] } }
  /** One file in full. */
  'GET /file': { in: { name: string }; out: FileDetail }
}
