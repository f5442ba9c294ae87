import type { Preview } from '../../api/contract.ts'
import { formatBytes } from '../../domain/units.ts'
import { type Block, line, picture } from '../blocks.ts'
import { counted, listed } from '../cells.ts'
import { imageTable } from './lists.ts'

/** Rows a person looks through; the rest is counted. */
const SHOWN = 20
const NAMED = 5

/** What goes, and what stays although it was named. */
export function previewBlocks(preview: Preview, now: number): Block[] {
  const { images, pinned, inUse, notFound, alsoTags } = preview
  const table = imageTable(images, now)
  const rest = images.length - SHOWN
  return [
    ...(images.length === 0
      ? []
      : [{ kind: 'table' as const, table: { ...table, rows: table.rows.slice(0, SHOWN) }, row: 'image' }]),
    ...(rest > 0 ? [picture(`… and ${counted(rest, 'more image')}`, 'dim')] : []),
    ...named('also removes', alsoTags),
    ...named('stays, pinned', pinned),
    ...named('stays, in use', inUse),
    ...named('not cached', notFound),
  ]
}

function named(what: string, names: readonly string[]): Block[] {
  if (names.length === 0) return []
  return [line(`${what}: ${listed(names, NAMED).text}`, 'warn')]
}

/** The closing line of a removal or of its preview. */
export function removedBlocks(preview: Preview, how: 'dry' | 'done'): Block[] {
  const { images, frees, sharedKept } = preview
  const kept = sharedKept > 0 ? ` · ${formatBytes(sharedKept)} stay, shared with others` : ''
  if (images.length === 0) return [line('nothing was changed.')]
  if (how === 'done')
    return [line(`removed ${counted(images.length, 'image')}, freed ${formatBytes(frees)}${kept}`)]
  const would = `nothing was changed. run without --dry-run to free ${formatBytes(frees)}${kept}`
  return [line(would)]
}
