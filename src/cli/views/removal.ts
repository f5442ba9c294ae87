import type { BoundPreview, Evicted } from '../../api/contract-evict.ts'
import { formatBytes } from '../../domain/units.ts'
import { type Block, line, picture } from '../blocks.ts'
import { counted, listed, localTime } from '../cells.ts'
import type { Table } from '../table.ts'
import { fileTable } from './files.ts'
import { imageTable } from './lists.ts'

/** Rows a person looks through; the rest is counted. */
const SHOWN = 20
const NAMED = 5

/** What goes, and what stays although it was named. */
export function previewBlocks(
  preview: BoundPreview,
  { now, includeGone }: { now: number; includeGone: boolean },
): Block[] {
  const { images, files, pinned, inUse, needed, gone, notFound, alsoTags, atOnce, namesOnly } = preview
  return [
    ...rowBlocks(imageTable(images, now), { noun: 'image', all: countsOf(preview).images }),
    ...rowBlocks(fileTable(files, now), { noun: 'file', all: countsOf(preview).files }),
    ...named('goes at once, without a way back', atOnce),
    ...named('also removes', alsoTags),
    ...named('tags alone, their images stay', namesOnly),
    ...named('stays, pinned', pinned),
    ...named('stays, in use', inUse),
    ...named('stays, part of another image', needed),
    ...named(includeGone ? 'gone upstream, for good' : 'stays, gone upstream (--include-gone)', gone),
    ...named('not cached', notFound),
  ]
}

function rowBlocks(table: Table, { noun, all }: { noun: string; all: number }): Block[] {
  if (table.rows.length === 0) return []
  const rest = all - SHOWN
  return [
    { kind: 'table', table: { ...table, rows: table.rows.slice(0, SHOWN) }, row: noun },
    ...(rest > 0 ? [picture(`… and ${counted(rest, `more ${noun}`)}`, 'dim')] : []),
  ]
}

/** How many go. Of very many only the first of each are listed; then the longer list stands for the rest. */
export function countsOf({ images, files, count }: Pick<BoundPreview, 'images' | 'files' | 'count'>): Gone {
  const unlisted = count - images.length - files.length
  const isOfFiles = files.length >= images.length && files.length > 0
  return {
    images: images.length + (isOfFiles ? 0 : unlisted),
    files: files.length + (isOfFiles ? unlisted : 0),
  }
}

function named(what: string, names: readonly string[]): Block[] {
  if (names.length === 0) return []
  return [line(`${what}: ${listed(names, NAMED).text}`, 'warn')]
}

/** What goes, or went. */
export interface Gone {
  readonly images: number
  readonly files: number
  /** Tags that go without their images. */
  readonly namesOnly?: number
}

/** "2 images, 1 file and 1 tag" */
export function removedText({ images, files, namesOnly = 0 }: Gone): string {
  const parts = [
    ...(images > 0 || files + namesOnly === 0 ? [counted(images, 'image')] : []),
    ...(files > 0 ? [counted(files, 'file')] : []),
    ...(namesOnly > 0 ? [counted(namesOnly, 'tag')] : []),
  ]
  const last = parts.pop() ?? ''
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
}

/** The closing line of a preview. */
export function dryBlocks(preview: BoundPreview): Block[] {
  if (preview.count + preview.namesOnly.length === 0) return [line('nothing was changed.')]
  const { count, namesOnly, frees } = preview
  const tags = { images: 0, files: 0, namesOnly: namesOnly.length }
  const what = count === 0 ? `remove ${removedText(tags)}` : `free ${formatBytes(frees)}`
  const would = `nothing was changed. run without --dry-run to ${what}`
  return [line(`${would}${keptOf(preview)}`)]
}

/** What became of what was shown, when its bytes are freed and by whom, and how to take it back. */
export function evictedBlocks(
  preview: BoundPreview,
  evicted: Evicted | undefined,
  isServed: boolean,
): Block[] {
  const left = evicted?.left ?? []
  const stays = named(
    'stays',
    left.map(({ name, why }) => `${name} (${WHY[why]})`),
  )
  if (evicted === undefined || evicted.images + evicted.files + evicted.namesOnly === 0)
    return [...stays, line('nothing was changed.')]
  const { id, images, files, bytes, undoUntil } = evicted
  const what = `removed ${removedText(evicted)}`
  const told =
    images + files === 0 ? what : `${what}${freedText(bytes, { undoUntil, isServed })}${keptOf(preview)}`
  if (undoUntil === undefined) return [...stays, line(told)]
  return [...stays, line(told), line(`undo until ${timeOf(undoUntil)}: cachalot undo ${id}`)]
}

/** What follows "removed 1 image". */
function freedText(
  bytes: number,
  { undoUntil, isServed }: { undoUntil: number | undefined; isServed: boolean },
): string {
  const size = formatBytes(bytes)
  if (undoUntil === undefined) return `, freed ${size}`
  const until = timeOf(undoUntil)
  return isServed
    ? `, ${size} are freed at ${until}`
    : `; no server runs here: the next one frees ${size}, from ${until} on`
}

function timeOf(at: number): string {
  return localTime(at).slice(-5)
}

const WHY = {
  changed: 'its tags changed',
  gone: 'gone already',
  gone_upstream: 'gone upstream',
  pinned: 'pinned',
  in_use: 'in use',
  needed: 'part of another image',
} as const

function keptOf({ sharedKept }: BoundPreview): string {
  return sharedKept > 0 ? ` · ${formatBytes(sharedKept)} stay, shared with others` : ''
}
