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
  const { images, count, pinned, inUse, gone, notFound, alsoTags } = preview
  const table = imageTable(images, now)
  const rest = count - SHOWN
  return [
    ...(images.length === 0
      ? []
      : [{ kind: 'table' as const, table: { ...table, rows: table.rows.slice(0, SHOWN) }, row: 'image' }]),
    ...(rest > 0 ? [picture(`… and ${counted(rest, 'more image')}`, 'dim')] : []),
    ...named('also removes', alsoTags),
    ...named('stays, pinned', pinned),
    ...named('stays, in use', inUse),
    ...named(includeGone ? 'gone upstream, for good' : 'stays, gone upstream (--include-gone)', gone),
    ...named('not cached', notFound),
  ]
}

function named(what: string, names: readonly string[]): Block[] {
  if (names.length === 0) return []
  return [line(`${what}: ${listed(names, NAMED).text}`, 'warn')]
}

/** The closing line of a preview. */
export function dryBlocks(preview: BoundPreview): Block[] {
  if (preview.count === 0) return [line('nothing was changed.')]
  const would = `nothing was changed. run without --dry-run to free ${formatBytes(preview.frees)}`
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
  if (evicted === undefined || evicted.images === 0) return [...stays, line('nothing was changed.')]
  const { id, images, bytes, undoUntil } = evicted
  const what = `removed ${counted(images, 'image')}`
  if (undoUntil === undefined)
    return [...stays, line(`${what}, freed ${formatBytes(bytes)}${keptOf(preview)}`)]
  const until = localTime(undoUntil).slice(-5)
  const size = formatBytes(bytes)
  const freed = isServed
    ? `${what}, ${size} are freed at ${until}`
    : `${what}; no server runs here: the next one frees ${size}, from ${until} on`
  return [...stays, line(`${freed}${keptOf(preview)}`), line(`undo until ${until}: cachalot undo ${id}`)]
}

const WHY = {
  changed: 'its tags changed',
  gone: 'gone already',
  gone_upstream: 'gone upstream',
  pinned: 'pinned',
  in_use: 'in use',
} as const

function keptOf({ sharedKept }: BoundPreview): string {
  return sharedKept > 0 ? ` · ${formatBytes(sharedKept)} stay, shared with others` : ''
}
