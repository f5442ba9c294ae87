import { createHash } from 'node:crypto'
import { bytesContent, type Content, contentDigest, views } from './fake-content.ts'

/** One file of a repository. */
export interface FakeHfFile {
  readonly content: Content
  /** Kept beside git, under the hash of its content. */
  readonly isLarge: boolean
  /** As the hub's ETag says it: SHA-256 of the content, or the name of the git object. */
  readonly etag: string
}

/** What is published: bytes, or content that is kept beside git. */
export type Published = Buffer | string | { readonly large: Buffer | Content }

export interface FakeHfRepo {
  /** "org/name" */
  id: string
  readonly type: string
  readonly commits: Map<string, ReadonlyMap<string, FakeHfFile>>
  readonly branches: Map<string, string>
  /** gated: its files; private: all of it. Both need the token. */
  access: 'public' | 'gated' | 'private'
}

/** Files as the hub knows them. A hash may be given, so that nobody has to compute that of gigabytes. */
export function hfFile(published: Published, sha256?: string): FakeHfFile {
  if (typeof published !== 'string' && !Buffer.isBuffer(published)) {
    const { large } = published
    const content = Buffer.isBuffer(large) ? bytesContent(large) : large
    return { content, isLarge: true, etag: sha256 ?? contentDigest(content).slice('sha256:'.length) }
  }
  const content = bytesContent(Buffer.from(published))
  const hash = createHash('sha1').update(`blob ${content.size}\0`)
  for (const view of views(content)) hash.update(view)
  return { content, isLarge: false, etag: hash.digest('hex') }
}

/** The text that git has of a file. */
export function gitText({ content, isLarge, etag }: FakeHfFile): Buffer {
  if (!isLarge) return Buffer.concat([...views(content)])
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${etag}\nsize ${content.size}\n`)
}

/** A line of a tree or of an answer about paths, as the hub writes it. */
export function treeEntry(path: string, file: FakeHfFile, commit: string | undefined): object {
  const { content, isLarge, etag } = file
  const lastCommit = { id: commit, title: 'first', date: '2026-01-02T03:04:05.000Z' }
  return {
    type: 'file',
    oid: isLarge ? createHash('sha1').update(gitText(file)).digest('hex') : etag,
    size: content.size,
    path,
    ...(isLarge
      ? { lfs: { oid: etag, size: content.size, pointerSize: gitText(file).length }, xetHash: 'f'.repeat(64) }
      : {}),
    ...(commit === undefined
      ? {}
      : { lastCommit, securityFileStatus: { status: 'safe', avScan: null, pickleImportScan: null } }),
  }
}
