import type { BoundPreview, Evicted } from '../../api/contract-contents.ts'
import { formatBytes } from '../../domain/units.ts'
import { type Block, line, picture } from '../blocks.ts'
import { counted, listed, localTime } from '../cells.ts'
import { imageTable } from './lists.ts'

/** Rows a person looks through; the rest is counted. */
const SHOWN = 20
const NAMED = 5

/** What goes, and what stays although it was named. */
export function previewBlocks(
  preview: BoundPreview,
  { now, includeGone }: { now: number; includeGone: boolean },
): Block[] {
  const { images, count, pinned, inUse, needed, gone, notFound, alsoTags, namesOnly } = preview
  const table = imageTable(images, now)
  const rest = count - SHOWN
  return [
    ...(images.length === 0
      ? []
      : [{ kind: 'table' as const, table: { ...table, rows: table.rows.slice(0, SHOWN) }, row: 'image' }]),
    ...(rest > 0 ? [picture(`… and ${counted(rest, 'more image')}`, 'dim')] : []),
    ...named('also removes', alsoTags),
    ...named('tags alone, their images stay', namesOnly),
    ...named('stays, pinned', pinned),
    ...named('stays, in use', inUse),
    ...named('stays, part of another image', needed),
    ...named(includeGone ? 'gone upstream, for good' : 'stays, gone upstream (--include-gone)', gone),
    ...named('not cached', notFound),
  ]
}

function named(what: string, names: readonly string[]): Block[] {
  if (names.length === 0) return []
  return [line(`${what}: ${listed(names, NAMED).text}`, 'warn')]
}

/** "2 images and 1 tag": images that go, and tags that go without theirs. */
export function removedText(images: number, namesOnly: number): string {
  const tags = counted(namesOnly, 'tag')
  if (images === 0 && namesOnly > 0) return tags
  return `${counted(images, 'image')}${namesOnly === 0 ? '' : ` and ${tags}`}`
}

/** The closing line of a preview. */
export function dryBlocks(preview: BoundPreview): Block[] {
  if (preview.count + preview.namesOnly.length === 0) return [line('nothing was changed.')]
  const { count, namesOnly, frees } = preview
  const what = count === 0 ? `remove ${removedText(0, namesOnly.length)}` : `free ${formatBytes(frees)}`
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
  if (evicted === undefined || evicted.images + evicted.namesOnly === 0)
    return [...stays, line('nothing was changed.')]
  const { id, images, namesOnly, bytes, undoUntil } = evicted
  const what = `removed ${removedText(images, namesOnly)}`
  const told = images === 0 ? what : `${what}${freedText(bytes, { undoUntil, isServed })}${keptOf(preview)}`
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
