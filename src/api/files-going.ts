import type { Annexed, AnnexPlace } from '../cache/annex.ts'
import type { ChosenFile } from '../db/accounts/file-matching.ts'
import type { WholeFileName } from '../domain/file-names.ts'
import type { LeftImage } from './contract-evict.ts'
import type { ApiDeps } from './deps.ts'
import type { ShownFile, ShownMirror } from './previews.ts'

/** Files that were chosen, apart by what would become of them. */
export interface SortedFiles {
  readonly going: readonly ChosenFile[]
  /** Mirrors that go. */
  readonly mirrors: readonly ChosenFile[]
  readonly pinned: readonly string[]
  /** Mirrors that somebody uses. */
  readonly inUse: readonly string[]
  /** Those that cannot be had again, as far as their upstreams said; where that was asked for, they go too. */
  readonly gone: readonly ChosenFile[]
}

/** `includeGone`: what cannot be had again goes as any other. */
export async function sortFiles(
  { parts }: Pick<ApiDeps, 'parts'>,
  files: readonly ChosenFile[],
  includeGone: boolean,
): Promise<SortedFiles> {
  const free = files.filter(({ pinned }) => !pinned)
  const gone = free.filter(({ goneAt }) => goneAt !== undefined)
  const asked = includeGone ? free : free.filter(({ goneAt }) => goneAt === undefined)
  const mirrors = asked.filter(isMirror)
  const all = mirrors.length === 0 ? [] : await parts.annex.list()
  const busy = new Set(all.flatMap(({ name, isBusy }) => (isBusy ? [name] : [])))
  return {
    going: asked.filter((file) => !isMirror(file)),
    mirrors: mirrors.filter(({ repository }) => !busy.has(repository)),
    pinned: files.flatMap(({ pinned, name }) => (pinned ? [name] : [])),
    inUse: mirrors.flatMap(({ repository, name }) => (busy.has(repository) ? [name] : [])),
    gone,
  }
}

export function isMirror({ file }: Pick<ChosenFile, 'file'>): boolean {
  return file === ''
}

export function toFileKey({ frontEnd: kind, repository, file }: ChosenFile): WholeFileName {
  return { kind, repository, file }
}

export interface StillFiles {
  readonly same: readonly ShownFile[]
  readonly left: readonly LeftImage[]
}

/** Those that are as they were shown and that no pin covers by now. */
export async function stillSame(
  { index, parts }: Pick<ApiDeps, 'index' | 'parts'>,
  files: readonly ShownFile[],
  includeGone: boolean,
): Promise<StillFiles> {
  if (files.length === 0) return { same: [], left: [] }
  const asked = includeGone ? files : files.filter(({ isGone }) => !isGone)
  const names = asked.map(({ kind, repository, file }) => ({ kind, repository, file }))
  const now = await index.clerk.ask('fileStandings', { files: names })
  const left: LeftImage[] = []
  const same = asked.filter((file, at) => {
    const standing = now[at]
    const why =
      standing === undefined
        ? 'gone'
        : standing.standing !== file.standing
          ? 'changed'
          : standing.isGone && !includeGone
            ? 'gone_upstream'
            : parts.pinned.coversFile(file)
              ? 'pinned'
              : undefined
    if (why !== undefined) left.push({ name: file.name, why })
    return why === undefined
  })
  return { same, left }
}

export interface GoneMirrors {
  readonly names: readonly string[]
  readonly bytes: number
  readonly left: readonly LeftImage[]
}

/** Takes mirrors out, for good. Those that are pinned or in use by now stay, and so does what cannot be had again. */
export async function dropMirrors(
  { parts }: Pick<ApiDeps, 'parts'>,
  mirrors: readonly ShownMirror[],
  includeGone: boolean,
): Promise<GoneMirrors> {
  const names: string[] = []
  const left: LeftImage[] = []
  let bytes = 0
  const all = mirrors.length === 0 ? [] : await parts.annex.list()
  const known = new Map(all.map((one) => [one.name, one]))
  for (const { repository, isGone } of mirrors) {
    if (isGone && !includeGone) continue
    const name = `git:${repository}`
    const found = known.get(repository)
    const why = found === undefined ? 'gone' : await dropMirror(parts.annex, found, includeGone)
    if (typeof why === 'string') {
      left.push({ name, why })
      continue
    }
    names.push(name)
    bytes += why
  }
  return { names, bytes, left }
}

/** The bytes that freed, or why it stays. */
async function dropMirror(
  annex: AnnexPlace,
  { name, refusedAt }: Annexed,
  includeGone: boolean,
): Promise<number | LeftImage['why']> {
  if (annex.isPinned(name)) return 'pinned'
  if (refusedAt !== undefined && !includeGone) return 'gone_upstream'
  const bytes = await annex.evict(name)
  return bytes === 0 ? 'in_use' : bytes
}
